package words

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"os"
)

// RootCAs adds the certificates in files to the system's. sum tells the contents of some files from those of others.
func RootCAs(files []string) (pool *x509.CertPool, sum string, err error) {
	pool, err = x509.SystemCertPool()
	if err != nil {
		return nil, "", fmt.Errorf("ca: %w", err)
	}
	hash := sha256.New()
	for _, raw := range files {
		name, err := Expand(raw)
		if err != nil {
			return nil, "", fmt.Errorf("ca: %w", err)
		}
		pem, err := os.ReadFile(name)
		if err != nil {
			return nil, "", Placed(raw, fmt.Errorf("ca: %w", err))
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, "", Placed(raw, fmt.Errorf("ca: there is no certificate in %s", name))
		}
		hash.Write(pem)
	}
	return pool, hex.EncodeToString(hash.Sum(nil)), nil
}
