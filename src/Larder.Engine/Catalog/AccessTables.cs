namespace Larder.Engine.Catalog;

/// <summary>
/// The tables of users, tokens, sessions and the audit log. Secrets are kept as hashes only: who reads the file can log in as nobody.
/// </summary>
internal static class AccessTables
{
    /// <summary>Persons of an identity provider, by what never changes of them; and users who are shut out for a while.</summary>
    public const string Identities =
        """
        ALTER TABLE users ADD COLUMN disabled_at TEXT;

        CREATE TABLE identities (
            issuer TEXT NOT NULL,
            subject TEXT NOT NULL,
            user TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
            created_at TEXT NOT NULL,
            PRIMARY KEY (issuer, subject)
        ) STRICT;
        CREATE UNIQUE INDEX identities_by_user ON identities (user, issuer);
        """;

    // The audit log only grows. The trigger on insert is needed beside the other two: "INSERT OR REPLACE" deletes a row without asking the
    // trigger on delete.
    public const string Script =
        """
        CREATE TABLE users (
            name TEXT PRIMARY KEY NOT NULL COLLATE NOCASE,
            role TEXT NOT NULL,
            password_hash TEXT NOT NULL,
            created_at TEXT NOT NULL,
            last_login_at TEXT,
            failures INTEGER NOT NULL DEFAULT 0,
            locked_until TEXT
        ) STRICT;

        CREATE TABLE sessions (
            hash TEXT PRIMARY KEY NOT NULL,
            user TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
            created_at TEXT NOT NULL,
            seen_at TEXT NOT NULL,
            expires_at TEXT NOT NULL,
            address TEXT NOT NULL
        ) STRICT;
        CREATE INDEX sessions_by_user ON sessions (user);

        CREATE TABLE tokens (
            id TEXT PRIMARY KEY NOT NULL,
            hash TEXT NOT NULL UNIQUE,
            user TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
            name TEXT NOT NULL,
            scopes TEXT NOT NULL,
            jobs TEXT,
            created_at TEXT NOT NULL,
            expires_at TEXT,
            used_at TEXT,
            revoked_at TEXT
        ) STRICT;

        CREATE TABLE owner_links (
            hash TEXT PRIMARY KEY NOT NULL,
            expires_at TEXT NOT NULL
        ) STRICT;

        CREATE TABLE approvals (
            id TEXT PRIMARY KEY NOT NULL,
            action TEXT NOT NULL,
            target TEXT NOT NULL,
            request_hash TEXT NOT NULL,
            requested_by TEXT NOT NULL,
            requested_at TEXT NOT NULL,
            expires_at TEXT NOT NULL,
            approved_by TEXT,
            approved_at TEXT,
            used_at TEXT
        ) STRICT;

        CREATE TABLE idempotency_keys (
            caller TEXT NOT NULL,
            key TEXT NOT NULL,
            request_hash TEXT NOT NULL,
            run_id TEXT NOT NULL,
            created_at TEXT NOT NULL,
            PRIMARY KEY (caller, key)
        ) STRICT;

        CREATE TABLE run_reports (
            run_id TEXT PRIMARY KEY NOT NULL,
            document TEXT NOT NULL
        ) STRICT;

        CREATE TABLE audit (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            at TEXT NOT NULL,
            actor TEXT NOT NULL,
            way TEXT NOT NULL,
            address TEXT NOT NULL,
            action TEXT NOT NULL,
            target TEXT NOT NULL,
            outcome TEXT NOT NULL,
            details TEXT NOT NULL,
            previous TEXT NOT NULL,
            hash TEXT NOT NULL
        ) STRICT;
        CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit log is not changed'); END;
        CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit log is not removed'); END;
        CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit
            WHEN NEW.number IS NOT NULL AND EXISTS (SELECT 1 FROM audit WHERE number >= NEW.number)
            BEGIN SELECT RAISE(ABORT, 'the audit log is not replaced'); END;
        """;
}
