// Package gatehouse is the whole user and session system in one value: sign-up,
// sign-in, sessions and the pages for them, mounted in an app's own process.
//
//	cfg, err := gatehouse.FromEnv(os.Getenv)
//	if err != nil {
//		return err
//	}
//	cfg.Development = true
//	server, err := gatehouse.Open(ctx, cfg)
//	if err != nil {
//		return err
//	}
//	defer server.Close()
//	return server.ListenAndServe(ctx, server.Mount(app), nil)
//
// [Server.Mount] serves Gatehouse's own paths and hands everything else to the
// app, where [auth.FromContext] says who asks. [Server.Require] protects a
// handler. [Server.Users] and [Server.Sessions] are the services that everything
// else is made of.
//
// A Config is for production unless it says Development. Production needs a
// public URL and its secrets, has no test codes, and refuses a database that a
// development server made. Development makes its own secrets, keeps them in
// [Config.Dir] with mode 0600, and binds loopback addresses only.
package gatehouse
