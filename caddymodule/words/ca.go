package words

import (
	"crypto/x509"
	"fmt"
	"os"
)

// RootCAs adds the certificates in files to the system's.
func RootCAs(files []string) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	for _, raw := range files {
		name, err := Expand(raw)
		if err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
		pem, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca: there is no certificate in %s", name)
		}
	}
	return pool, nil
}
