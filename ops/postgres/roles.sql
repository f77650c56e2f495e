-- The portal's three roles in PostgreSQL, with their time limits and rights (O1, ADR 33). For the database's superuser:
-- psql --dbname smt_portal --file roles.sql. Before the first migration, and again whenever this file has changed.
--
-- portal_owner   owns the tables; migrations and commands of an operator
-- portal_web     the web server: people wait for it
-- portal_worker  workers, beat and the loading commands
--
-- No role but the owner can change history or delete it before its time (lib/append_only.py), or empty a table at once.
-- Passwords are set apart (passwords.sh).

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['portal_owner', 'portal_web', 'portal_worker'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', name);
        END IF;
        -- Errors go to the portal's own log, which has no personal data (X4); a statement or a key can hold some.
        EXECUTE format('ALTER ROLE %I SET log_min_messages = log', name);
        EXECUTE format('ALTER ROLE %I SET log_min_error_statement = panic', name);
        EXECUTE format('ALTER ROLE %I SET log_error_verbosity = terse', name);
        EXECUTE format('ALTER ROLE %I SET log_parameter_max_length_on_error = 0', name);
    END LOOP;
    EXECUTE format('ALTER DATABASE %I OWNER TO portal_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO portal_web', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO portal_worker', current_database());
END
$$;

-- A person waits: a busy row must become a page within seconds.
ALTER ROLE portal_web SET lock_timeout = '2s';
ALTER ROLE portal_web SET statement_timeout = '10s';
ALTER ROLE portal_web SET idle_in_transaction_session_timeout = '30s';

-- Nobody waits, but a hanging worker must let go: the sweep tries again.
ALTER ROLE portal_worker SET lock_timeout = '60s';
ALTER ROLE portal_worker SET statement_timeout = '15min';
ALTER ROLE portal_worker SET idle_in_transaction_session_timeout = '15min';

-- A migration that waits for a table lets everyone behind it wait, too: it gives up instead and is started again.
ALTER ROLE portal_owner SET lock_timeout = '5s';
ALTER ROLE portal_owner SET statement_timeout = '2h';
ALTER ROLE portal_owner SET idle_in_transaction_session_timeout = '15min';

GRANT USAGE, CREATE ON SCHEMA public TO portal_owner;
GRANT USAGE ON SCHEMA public TO portal_web, portal_worker;
ALTER DEFAULT PRIVILEGES FOR ROLE portal_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO portal_web, portal_worker;
ALTER DEFAULT PRIVILEGES FOR ROLE portal_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO portal_web, portal_worker;
