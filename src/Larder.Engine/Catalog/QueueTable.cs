using Microsoft.Data.Sqlite;

namespace Larder.Engine.Catalog;

/// <summary>
/// The runs that wait or are being executed, and up to when schedules were seen to. A row is written before a run begins and goes, in the
/// same transaction that writes what follows from it, after the run was closed: so whatever moment a process is killed at, nothing is lost
/// and nothing runs twice. Every method fails as those of <see cref="CatalogDatabase"/>.
/// </summary>
public sealed class QueueTable
{
    private readonly CatalogDatabase catalog;

    internal QueueTable(CatalogDatabase catalog) => this.catalog = catalog;

    /// <summary>In the order in which they were put in.</summary>
    public IReadOnlyList<QueuedRun> All() => catalog.Query("SELECT * FROM queue ORDER BY enqueued_at, run_id", Read);

    public void Add(QueuedRun run) => Insert(run);

    /// <summary>
    /// Notes that a schedule was seen to up to a moment, and puts its run in, if there is one; both or none. A run of the same schedule
    /// that still waits stands for the new one: then nothing is put in, and the answer is false.
    /// </summary>
    public bool AddDue(string schedule, DateTimeOffset seenTo, QueuedRun? run)
    {
        var added = false;
        catalog.Transact(() =>
        {
            catalog.Execute(
                "INSERT INTO schedules (key, seen_to) VALUES ($key, $to) ON CONFLICT (key) DO UPDATE SET seen_to = $to",
                ("$key", schedule),
                ("$to", CatalogDatabase.Text(seenTo)));
            added = run is not null && !Waits(schedule);
            if (added)
            {
                Insert(run!);
            }
        });
        return added;
    }

    public void NoteBegun(string runId, DateTimeOffset at) => catalog.Execute(
        "UPDATE queue SET begun_at = $at WHERE run_id = $run_id", ("$at", CatalogDatabase.Text(at)), ("$run_id", runId));

    /// <summary>Has a run wait again, since it could not begin.</summary>
    public void PutBack(string runId, DateTimeOffset startAt) => catalog.Execute(
        "UPDATE queue SET begun_at = NULL, start_at = $at WHERE run_id = $run_id",
        ("$at", CatalogDatabase.Text(startAt)),
        ("$run_id", runId));

    /// <summary>Takes a run out that has ended, and puts in what follows from it; both or none.</summary>
    public void Close(string runId, IReadOnlyList<QueuedRun> followers) => catalog.Transact(() =>
    {
        if (catalog.Execute("DELETE FROM queue WHERE run_id = $run_id", ("$run_id", runId)) == 1)
        {
            foreach (var follower in followers)
            {
                Insert(follower);
            }
        }
    });

    /// <summary>Of each schedule, by key, the moment up to which it was seen to.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> SeenTo() => catalog
        .Query("SELECT key, seen_to FROM schedules", row => (Key: row.GetString(0), To: CatalogDatabase.Time(row.GetString(1))))
        .ToDictionary(row => row.Key, row => row.To, StringComparer.Ordinal);

    private bool Waits(string schedule) => catalog.Query(
        "SELECT 1 FROM queue WHERE schedule = $schedule AND begun_at IS NULL", row => row.GetInt64(0), ("$schedule", schedule)).Count > 0;

    private void Insert(QueuedRun run) => catalog.Execute(
        """
        INSERT INTO queue (run_id, job, work, trigger, created_by, why, priority,
            enqueued_at, start_at, attempt, schedule, due_at, begun_at)
        VALUES ($run_id, $job, $work, $trigger, $created_by, $why, $priority,
            $enqueued_at, $start_at, $attempt, $schedule, $due_at, $begun)
        """,
        ("$run_id", run.RunId),
        ("$job", run.Job),
        ("$work", run.Work),
        ("$trigger", run.Trigger),
        ("$created_by", run.CreatedBy),
        ("$why", run.Why),
        ("$priority", run.Priority),
        ("$enqueued_at", CatalogDatabase.Text(run.EnqueuedAt)),
        ("$start_at", CatalogDatabase.Text(run.StartAt)),
        ("$attempt", run.Attempt),
        ("$schedule", run.Schedule),
        ("$due_at", run.DueAt is { } due ? CatalogDatabase.Text(due) : null),
        ("$begun", run.BegunAt is { } begun ? CatalogDatabase.Text(begun) : null));

    private static QueuedRun Read(SqliteDataReader row)
    {
        return new QueuedRun
        {
            RunId = Text("run_id")!,
            Job = Text("job"),
            Work = Text("work")!,
            Trigger = Text("trigger")!,
            CreatedBy = Text("created_by"),
            Why = Text("why"),
            Priority = row.GetInt32(row.GetOrdinal("priority")),
            EnqueuedAt = Time("enqueued_at")!.Value,
            StartAt = Time("start_at")!.Value,
            Attempt = row.GetInt32(row.GetOrdinal("attempt")),
            Schedule = Text("schedule"),
            DueAt = Time("due_at"),
            BegunAt = Time("begun_at"),
        };

        string? Text(string column) => row.GetOrdinal(column) is var at && row.IsDBNull(at) ? null : row.GetString(at);
        DateTimeOffset? Time(string column) => Text(column) is { } text ? CatalogDatabase.Time(text) : null;
    }
}
