package sqldb

// PostgresTLS tells how a connection to url would be secured.
func PostgresTLS(url string) (secured, verified bool, err error) {
	config, err := postgresConfig(url)
	if err != nil {
		return false, false, err
	}
	secured = config.TLSConfig != nil
	for _, f := range config.Fallbacks {
		secured = secured && f.TLSConfig != nil
	}
	return secured, secured && !config.TLSConfig.InsecureSkipVerify && config.TLSConfig.ServerName != "", nil
}
