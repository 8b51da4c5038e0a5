-- One database and one role per service, none of which can open another's. Run it once, as an administrator:
--   psql -h HOST -U postgres -v password="$(cat password.txt)" -f deployment/postgresql/databases.sql
-- Then DATABASE_URL=postgresql://filemill:PASSWORD@HOST:5432/filemill: service X finds `filemill_x` and the role of that name.
-- Running it again changes nothing but the password.
\set ON_ERROR_STOP on

-- The name in DATABASE_URL: it finds the others, and owns nothing.
SELECT 'CREATE ROLE filemill LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'filemill') \gexec
SELECT 'CREATE DATABASE filemill OWNER filemill' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'filemill') \gexec

SELECT format('CREATE ROLE filemill_%s LOGIN', service)
FROM unnest(ARRAY['access', 'upload', 'metadata', 'processing', 'ai', 'notification']) AS service
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'filemill_' || service) \gexec

SELECT format('CREATE DATABASE filemill_%s OWNER filemill_%s ENCODING ''UTF8'' TEMPLATE template0', service, service)
FROM unnest(ARRAY['access', 'upload', 'metadata', 'processing', 'ai', 'notification']) AS service
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'filemill_' || service) \gexec

SELECT format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', datname)
FROM pg_database WHERE datname ~ '^filemill(_(access|upload|metadata|processing|ai|notification))?$' \gexec

SELECT format('ALTER ROLE %I PASSWORD %L', rolname, :'password')
FROM pg_roles WHERE rolname ~ '^filemill(_(access|upload|metadata|processing|ai|notification))?$' \gexec
