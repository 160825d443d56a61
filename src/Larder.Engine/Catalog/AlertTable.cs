using Microsoft.Data.Sqlite;

namespace Larder.Engine.Catalog;

/// <summary>What is or was not well, and who was told of it, as the catalog keeps it. Times in UTC.</summary>
public sealed class AlertTable(CatalogDatabase catalog)
{
    /// <summary>Those that stand, and those that are over and kept for history; those that stand first, worst and newest first.</summary>
    public IReadOnlyList<AlertRow> All() => catalog.Query(
        """
        SELECT * FROM alerts ORDER BY resolved_at IS NOT NULL,
            CASE level WHEN 'critical' THEN 0 WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END, since DESC, key
        """,
        Read);

    public AlertRow? Find(string key) => catalog.Query("SELECT * FROM alerts WHERE key = $key", Read, ("$key", key)).FirstOrDefault();

    public void Save(AlertRow row) => catalog.Execute(
        """
        INSERT INTO alerts (key, event, level, job, title, message, hint, since, last_seen, last_sent, resolved_at)
        VALUES ($key, $event, $level, $job, $title, $message, $hint, $since, $last_seen, $last_sent, $resolved_at)
        ON CONFLICT (key) DO UPDATE SET event = $event, level = $level, job = $job, title = $title, message = $message, hint = $hint,
            since = $since, last_seen = $last_seen, last_sent = $last_sent, resolved_at = $resolved_at
        """,
        ("$key", row.Key),
        ("$event", row.Event),
        ("$level", row.Level),
        ("$job", row.Job),
        ("$title", row.Title),
        ("$message", row.Message),
        ("$hint", row.Hint),
        ("$since", CatalogDatabase.Text(row.Since)),
        ("$last_seen", CatalogDatabase.Text(row.LastSeen)),
        ("$last_sent", row.LastSent is { } sent ? CatalogDatabase.Text(sent) : null),
        ("$resolved_at", row.ResolvedAt is { } resolved ? CatalogDatabase.Text(resolved) : null));

    public IReadOnlyList<AlertChannelRow> ChannelsOf(string key) => catalog.Query(
        "SELECT channel, told_at, told_level, is_open FROM alert_channels WHERE key = $key",
        row => new AlertChannelRow(key, row.GetString(0), CatalogDatabase.Time(row.GetString(1)), row.GetString(2), row.GetInt64(3) != 0),
        ("$key", key));

    public void Save(AlertChannelRow row) => catalog.Execute(
        """
        INSERT INTO alert_channels (key, channel, told_at, told_level, is_open)
        VALUES ($key, $channel, $told_at, $told_level, $is_open)
        ON CONFLICT (key, channel) DO UPDATE SET told_at = $told_at, told_level = $told_level, is_open = $is_open
        """,
        ("$key", row.Key),
        ("$channel", row.Channel),
        ("$told_at", CatalogDatabase.Text(row.ToldAt)),
        ("$told_level", row.ToldLevel),
        ("$is_open", row.IsOpen ? 1 : 0));

    /// <summary>Removes those that were over before a moment.</summary>
    public void Forget(DateTimeOffset before) => catalog.Execute(
        "DELETE FROM alerts WHERE resolved_at < $before", ("$before", CatalogDatabase.Text(before)));

    private static AlertRow Read(SqliteDataReader row) => new()
    {
        Key = row.GetString(row.GetOrdinal("key")),
        Event = row.GetString(row.GetOrdinal("event")),
        Level = row.GetString(row.GetOrdinal("level")),
        Job = Nullable(row, "job"),
        Title = row.GetString(row.GetOrdinal("title")),
        Message = row.GetString(row.GetOrdinal("message")),
        Hint = Nullable(row, "hint"),
        Since = CatalogDatabase.Time(row.GetString(row.GetOrdinal("since"))),
        LastSeen = CatalogDatabase.Time(row.GetString(row.GetOrdinal("last_seen"))),
        LastSent = Nullable(row, "last_sent") is { } sent ? CatalogDatabase.Time(sent) : null,
        ResolvedAt = Nullable(row, "resolved_at") is { } resolved ? CatalogDatabase.Time(resolved) : null,
    };

    private static string? Nullable(SqliteDataReader row, string column) =>
        row.GetOrdinal(column) is var at && row.IsDBNull(at) ? null : row.GetString(at);
}

/// <summary>One thing that is or was not well.</summary>
public sealed record AlertRow
{
    /// <summary>What it is about, such as <c>freshness:journal</c>: the same thing has the same key.</summary>
    public required string Key { get; init; }

    /// <summary>As in <c>on:</c> of an alert.</summary>
    public required string Event { get; init; }

    /// <summary><c>warning</c>, <c>error</c> or <c>critical</c>.</summary>
    public required string Level { get; init; }

    public string? Job { get; init; }

    public required string Title { get; init; }

    public required string Message { get; init; }

    public string? Hint { get; init; }

    public required DateTimeOffset Since { get; init; }

    public required DateTimeOffset LastSeen { get; init; }

    /// <summary>When anybody was last told; null where nobody was.</summary>
    public DateTimeOffset? LastSent { get; init; }

    /// <summary>Null while it stands.</summary>
    public DateTimeOffset? ResolvedAt { get; init; }
}

/// <summary>When a channel was last told of a thing.</summary>
/// <param name="IsOpen">It was told that something is not well, and not yet that it is well again.</param>
public sealed record AlertChannelRow(string Key, string Channel, DateTimeOffset ToldAt, string ToldLevel, bool IsOpen);
