using Microsoft.Data.Sqlite;

namespace Larder.Engine.Catalog;

/// <summary>Signs of life of what should run all the time, so that others can tell when it stopped.</summary>
public sealed class Heartbeats(CatalogDatabase catalog)
{
    public const string Scheduler = "scheduler";

    /// <param name="name">Of what: <see cref="Scheduler"/>.</param>
    /// <param name="at">Now.</param>
    /// <param name="interval">When the next one comes, at the latest.</param>
    /// <param name="process">Who lives.</param>
    public void Beat(string name, DateTimeOffset at, TimeSpan interval, ProcessIdentity process) => catalog.Execute(
        """
        INSERT OR REPLACE INTO heartbeats (name, at, interval_seconds, host, pid, boot_id, start_ticks)
        VALUES ($name, $at, $interval, $host, $pid, $boot_id, $start_ticks)
        """,
        ("$name", name),
        ("$at", CatalogDatabase.Text(at)),
        ("$interval", (long)interval.TotalSeconds),
        ("$host", process.Host),
        ("$pid", process.Pid),
        ("$boot_id", process.BootId),
        ("$start_ticks", process.StartTicks));

    /// <summary>It was stopped on purpose, and nobody need look for it.</summary>
    public void Stop(string name) => catalog.Execute("DELETE FROM heartbeats WHERE name = $name", ("$name", name));

    public Heartbeat? Find(string name) =>
        catalog.Query("SELECT * FROM heartbeats WHERE name = $name", Read, ("$name", name)).FirstOrDefault();

    private static Heartbeat Read(SqliteDataReader row)
    {
        return new Heartbeat(
            CatalogDatabase.Time(row.GetString(row.GetOrdinal("at"))),
            TimeSpan.FromSeconds(row.GetInt64(row.GetOrdinal("interval_seconds"))),
            new ProcessIdentity(
                row.GetString(row.GetOrdinal("host")),
                row.GetInt32(row.GetOrdinal("pid")),
                row.GetOrdinal("boot_id") is var boot && row.IsDBNull(boot) ? null : row.GetString(boot),
                row.GetOrdinal("start_ticks") is var ticks && row.IsDBNull(ticks) ? null : row.GetInt64(ticks)));
    }
}

/// <param name="At">The last sign of life.</param>
/// <param name="Interval">After which the next should have come.</param>
/// <param name="Process">Whose.</param>
public sealed record Heartbeat(DateTimeOffset At, TimeSpan Interval, ProcessIdentity Process);
