package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/user"
)

// UpdateImage implements user.Store.
func (s *Store) UpdateImage(ctx context.Context, id user.ID, img user.Image, fn func(*user.User) ([]user.Event, error)) (*user.User, error) {
	return s.update(ctx, id, fn, func(ctx context.Context, q sqldb.Querier) error {
		if _, err := q.ExecContext(ctx, `delete from user_images where user_id = $1`, string(id)); err != nil || img.ID == "" {
			return err
		}
		_, err := q.ExecContext(ctx, `insert into user_images (id, user_id, type, content) values ($1, $2, $3, $4)`,
			string(img.ID), string(id), img.Type, img.Content)
		return err
	})
}

// Image implements user.Store.
func (s *Store) Image(ctx context.Context, id user.ImageID) (user.Image, error) {
	img := user.Image{ID: id}
	err := s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		return q.QueryRowContext(ctx, `select type, content from user_images where id = $1`, string(id)).Scan(&img.Type, &img.Content)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = user.ErrNotFound
	}
	if err != nil {
		return user.Image{}, fmt.Errorf("image: %w", err)
	}
	return img, nil
}
