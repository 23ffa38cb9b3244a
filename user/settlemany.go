package user

import "context"

// batchable returns the first events of the list that a BatchHandler takes at once: those
// of the first one's type, of different users, of whom none waits for another one. It
// returns nil where there are none.
func (s *Service) batchable(events []Event, waiting map[ID]bool) []Event {
	if _, ok := s.cfg.Events.(BatchHandler); !ok || events[0].Type != EventDeleted && events[0].Type != EventBanned {
		return nil
	}
	seen := map[ID]bool{}
	for n, e := range events {
		if e.Type != events[0].Type || seen[e.UserID] || waiting[e.UserID] {
			return events[:n]
		}
		seen[e.UserID] = true
	}
	return events
}

// handleRun handles what batchable returned.
func (s *Service) handleRun(ctx context.Context, run []Event) error {
	return s.cfg.Events.(BatchHandler).HandleUserEvents(ctx, run)
}

// settleMany is settle for deletions, which are handled in one call where the handler can.
func (s *Service) settleMany(ctx context.Context, events []Event) {
	if s.inTx || len(events) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWithin)
	defer cancel()
	if _, err := s.handleAll(ctx, events); err != nil {
		s.cfg.Logger.WarnContext(ctx, "events left for later", "events", len(events), "err", err)
	}
}
