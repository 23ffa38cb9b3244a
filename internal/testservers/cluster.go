package testservers

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Cluster is a Redis Cluster of three masters with a replica each, on free loopback
// ports.
type Cluster struct {
	t     testing.TB
	dir   string
	nodes []*clusterNode
}

const (
	masters = 3
	slots   = 16384 // of every Redis Cluster
	// clusterTimeout is when a node that does not answer counts as dead, in ms: long
	// enough for a busy machine.
	clusterTimeout = 3000
	// clusterPatience is how long anything may take here.
	clusterPatience = 60 * time.Second
)

// clusterNode is one server. The first three begin as masters, the others as replicas.
type clusterNode struct {
	addr    string
	busPort int
	id      string
	admin   *redis.Client
	process *exec.Cmd
}

// RedisCluster starts a Cluster that is stopped when the test ends.
func RedisCluster(t testing.TB) *Cluster {
	t.Helper()
	c := &Cluster{t: t, dir: t.TempDir()}
	for range 2 * masters {
		c.nodes = append(c.nodes, c.start())
	}
	for i, n := range c.nodes[:masters] {
		c.do(n, "CLUSTER", "ADDSLOTSRANGE", i*slots/masters, (i+1)*slots/masters-1)
		c.do(n, "CLUSTER", "SET-CONFIG-EPOCH", i+1)
	}
	for _, n := range c.nodes[1:] {
		host, port, _ := net.SplitHostPort(n.addr)
		c.do(c.nodes[0], "CLUSTER", "MEET", host, port, n.busPort)
	}
	c.wait(t, "the nodes know each other", func(n *clusterNode) bool {
		return strings.Count(c.text(n, "CLUSTER", "NODES"), " connected") == len(c.nodes)
	})
	for i, n := range c.nodes[masters:] {
		c.do(n, "CLUSTER", "REPLICATE", c.nodes[i].id)
	}
	c.wait(t, "the Cluster works", func(n *clusterNode) bool {
		info := c.text(n, "INFO", "replication")
		return c.complete(n) && (strings.Contains(info, "connected_slaves:1") || strings.Contains(info, "master_link_status:up"))
	})
	return c
}

// complete reports whether a node knows a replica of every master.
func (c *Cluster) complete(n *clusterNode) bool {
	shards, err := n.admin.ClusterShards(context.Background()).Result()
	return err == nil && len(shards) == masters && strings.Contains(c.text(n, "CLUSTER", "INFO"), "cluster_state:ok") &&
		!slices.ContainsFunc(shards, func(shard redis.ClusterShard) bool { return len(shard.Nodes) < 2 })
}

// start runs a node. A free port may be taken by the time the server binds it, so each
// start is tried again.
func (c *Cluster) start() *clusterNode {
	c.t.Helper()
	for range 5 {
		port, busPort := freePort(c.t), freePort(c.t)
		n := &clusterNode{addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), busPort: busPort}
		n.process = exec.Command("redis-server",
			"--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--save", "", "--appendonly", "no",
			"--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(busPort), "--cluster-node-timeout", strconv.Itoa(clusterTimeout),
			"--cluster-config-file", fmt.Sprintf("nodes-%d.conf", port), "--dir", c.dir, "--logfile", filepath.Join(c.dir, fmt.Sprint(port, ".log")),
			"--repl-diskless-sync-delay", "0")
		if err := n.process.Start(); err != nil {
			c.t.Fatalf("start redis-server: %v", err)
		}
		n.admin = redis.NewClient(&redis.Options{Addr: n.addr, MaxRetries: -1, DisableIdentity: true})
		c.t.Cleanup(func() { n.admin.Close(); n.kill() })
		for begun := time.Now(); time.Since(begun) < 10*time.Second; time.Sleep(20 * time.Millisecond) {
			// Somebody else may have been faster and answer on this port.
			if id, err := n.admin.Do(context.Background(), "CLUSTER", "MYID").Text(); err == nil {
				n.id = id
				return n
			}
		}
		n.kill()
	}
	c.t.Fatal("a node of the Cluster does not start")
	return nil
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (n *clusterNode) kill() {
	_ = n.process.Process.Kill()
	_ = n.process.Wait()
}

// do runs a command on one node.
func (c *Cluster) do(n *clusterNode, args ...any) {
	c.t.Helper()
	if err := n.admin.Do(context.Background(), args...).Err(); err != nil {
		c.t.Fatalf("%v: %v", args, err)
	}
}

// text returns the answer of one node, "" if there is none.
func (c *Cluster) text(n *clusterNode, args ...any) string {
	s, _ := n.admin.Do(context.Background(), args...).Text()
	return s
}

// wait waits until ok says so of every node.
func (c *Cluster) wait(t testing.TB, what string, ok func(*clusterNode) bool) {
	t.Helper()
	begun := time.Now()
	for _, n := range c.nodes {
		for !ok(n) {
			if time.Since(begun) > clusterPatience {
				t.Fatalf("waited %s until %s: %s", clusterPatience, what, c.text(n, "CLUSTER", "NODES"))
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// URL names the first three nodes, for redisstore.
func (c *Cluster) URL() string {
	return fmt.Sprintf("redis://%s,%s,%s", c.nodes[0].addr, c.nodes[1].addr, c.nodes[2].addr)
}

// Do runs a command on every node, such as one that makes a user.
func (c *Cluster) Do(args ...any) {
	c.t.Helper()
	for _, n := range c.nodes {
		c.do(n, args...)
	}
}

// serving returns the node that serves a key, and its replica.
func (c *Cluster) serving(t testing.TB, key string) (master, replica *clusterNode) {
	t.Helper()
	asked := c.nodes[len(c.nodes)-1].admin
	slot, err := asked.ClusterKeySlot(context.Background(), key).Result()
	if err != nil {
		t.Fatal(err)
	}
	shards, err := asked.ClusterShards(context.Background()).Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, shard := range shards {
		if !slices.ContainsFunc(shard.Slots, func(r redis.SlotRange) bool { return r.Start <= slot && slot <= r.End }) {
			continue
		}
		for _, n := range shard.Nodes {
			if n.Role == "master" {
				master = c.node(n.ID)
			} else {
				replica = c.node(n.ID)
			}
		}
	}
	if master == nil || replica == nil {
		t.Fatalf("no master with a replica serves %s", key)
	}
	return master, replica
}

func (c *Cluster) node(id string) *clusterNode {
	return c.nodes[slices.IndexFunc(c.nodes, func(n *clusterNode) bool { return n.id == id })]
}

func (c *Cluster) isMaster(n *clusterNode) bool {
	return strings.Contains(c.text(n, "INFO", "replication"), "role:master")
}

// HandOver makes the replica take over from the master of a key, in good order: nothing
// that was written is lost.
func (c *Cluster) HandOver(t testing.TB, key string) {
	t.Helper()
	old, replica := c.serving(t, key)
	if err := replica.admin.Do(context.Background(), "CLUSTER", "FAILOVER").Err(); err != nil {
		t.Fatal(err)
	}
	c.wait(t, "the replica has taken over", func(n *clusterNode) bool {
		return c.complete(n) && c.isMaster(replica) && !c.isMaster(old)
	})
}

// Kill kills the master of a key and waits until its replica has taken over.
func (c *Cluster) Kill(t testing.TB, key string) {
	t.Helper()
	old, replica := c.serving(t, key)
	old.kill()
	c.wait(t, "the replica has taken over", func(n *clusterNode) bool {
		return n == old || c.isMaster(replica) && strings.Contains(c.text(n, "CLUSTER", "INFO"), "cluster_state:ok")
	})
}
