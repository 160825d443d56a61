using Larder.Engine.Errors;
using Microsoft.Data.Sqlite;

namespace Larder.Engine.Catalog;

/// <summary>
/// The tables of the catalog. A change is one more script at the end of the list; a script that was released is never edited.
/// </summary>
internal static class Schema
{
    private static readonly string[] Migrations =
    [
        // 1: runs.
        """
        CREATE TABLE runs (
            id TEXT PRIMARY KEY NOT NULL,
            kind TEXT NOT NULL,
            job TEXT,
            status TEXT NOT NULL,
            trigger TEXT NOT NULL,
            created_by TEXT,
            started_at TEXT NOT NULL,
            finished_at TEXT,
            backup_id TEXT,
            size_bytes INTEGER,
            added_bytes INTEGER,
            exit_status INTEGER,
            error_code TEXT,
            error_message TEXT,
            hint TEXT,
            host TEXT NOT NULL,
            pid INTEGER NOT NULL,
            boot_id TEXT,
            start_ticks INTEGER
        ) STRICT;
        CREATE INDEX runs_by_time ON runs (started_at DESC, id DESC);
        CREATE INDEX runs_by_job ON runs (job, started_at DESC, id DESC);
        CREATE INDEX runs_in_progress ON runs (status) WHERE status = 'in_progress';
        """,

        // 2: what happened in them.
        """
        CREATE TABLE events (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            at TEXT NOT NULL,
            level TEXT NOT NULL,
            message TEXT NOT NULL
        ) STRICT;
        CREATE INDEX events_by_run ON events (run_id, number);
        """,

        // 3: what is to run, and up to when each schedule was seen to.
        """
        CREATE TABLE queue (
            run_id TEXT PRIMARY KEY NOT NULL,
            job TEXT,
            work TEXT NOT NULL,
            trigger TEXT NOT NULL,
            created_by TEXT,
            why TEXT,
            priority INTEGER NOT NULL,
            enqueued_at TEXT NOT NULL,
            start_at TEXT NOT NULL,
            attempt INTEGER NOT NULL,
            schedule TEXT,
            due_at TEXT,
            begun_at TEXT
        ) STRICT;
        CREATE TABLE schedules (
            key TEXT PRIMARY KEY NOT NULL,
            seen_to TEXT NOT NULL
        ) STRICT;
        """,

        // 4: what is not well, who was told of it, how full disks were, and which services live.
        """
        CREATE TABLE alerts (
            key TEXT PRIMARY KEY NOT NULL,
            event TEXT NOT NULL,
            level TEXT NOT NULL,
            job TEXT,
            title TEXT NOT NULL,
            message TEXT NOT NULL,
            hint TEXT,
            since TEXT NOT NULL,
            last_seen TEXT NOT NULL,
            last_sent TEXT,
            resolved_at TEXT
        ) STRICT;
        CREATE TABLE alert_channels (
            key TEXT NOT NULL REFERENCES alerts (key) ON DELETE CASCADE,
            channel TEXT NOT NULL,
            told_at TEXT NOT NULL,
            told_level TEXT NOT NULL,
            is_open INTEGER NOT NULL,
            PRIMARY KEY (key, channel)
        ) STRICT;
        CREATE TABLE disk_samples (
            repository TEXT NOT NULL,
            at TEXT NOT NULL,
            used_bytes INTEGER NOT NULL,
            total_bytes INTEGER NOT NULL,
            PRIMARY KEY (repository, at)
        ) STRICT;
        CREATE TABLE heartbeats (
            name TEXT PRIMARY KEY NOT NULL,
            at TEXT NOT NULL,
            interval_seconds INTEGER NOT NULL,
            host TEXT NOT NULL,
            pid INTEGER NOT NULL,
            boot_id TEXT,
            start_ticks INTEGER
        ) STRICT;
        """,

        // 5: who may what, and who did what.
        AccessTables.Script,

        // 6: persons of an identity provider.
        AccessTables.Identities,
    ];

    public static int Newest => Migrations.Length;

    public static int VersionOf(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        return Convert.ToInt32(command.ExecuteScalar());
    }

    /// <summary>Brings the catalog to this version. Each step is one transaction: a crash leaves a version whole or not begun.</summary>
    public static void Migrate(SqliteConnection connection, int version)
    {
        var found = VersionOf(connection);
        if (found > Newest)
        {
            throw new LarderException(
                EngineError.CatalogTooNew,
                $"The catalog \"{connection.DataSource}\" has version {found}, and this version of Larder knows versions up to {Newest}.");
        }
        for (var next = found + 1; next <= version; next++)
        {
            using var transaction = connection.BeginTransaction();
            using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = $"{Migrations[next - 1]}\nPRAGMA user_version = {next};";
            command.ExecuteNonQuery();
            transaction.Commit();
        }
    }
}
