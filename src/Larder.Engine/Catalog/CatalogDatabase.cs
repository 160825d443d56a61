using System.Globalization;
using Larder.Engine.Errors;
using Microsoft.Data.Sqlite;

namespace Larder.Engine.Catalog;

/// <summary>
/// Larder's own state, in one SQLite file: runs and their events. It is not the truth about backups, the repositories are; deleting it
/// loses run
/// history and nothing else. Several threads and several processes may use it at once. Every method fails with
/// <see cref="LarderException"/>: <see cref="EngineError.CatalogUnavailable"/> or <see cref="EngineError.CatalogDamaged"/>.
/// </summary>
public sealed class CatalogDatabase : IDisposable
{
    /// <summary>
    /// A run on another host whose last sign of life is older than this is taken for dead: a container that was replaced, say.
    /// </summary>
    public static readonly TimeSpan SilenceMax = TimeSpan.FromHours(24);

    // Fixed width and UTC, so that text order is time order, and readable at the sqlite3 prompt.
    private const string TimeForm = "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'";

    private readonly string path;
    private readonly SqliteConnection connection;
    private readonly TimeProvider clock;
    private readonly ProcessIdentity self;
    private readonly Lock oneAtATime = new();

    private CatalogDatabase(string path, SqliteConnection connection, TimeProvider clock, ProcessIdentity self) =>
        (this.path, this.connection, this.clock, this.self) = (path, connection, clock, self);

    /// <summary>
    /// Opens the catalog, and makes it where there is none. A damaged file is set aside and a new one begun, and <paramref name="warn"/>
    /// is told.
    /// Fails with <see cref="EngineError.CatalogTooNew"/> where a newer Larder wrote it, and leaves it as it is.
    /// </summary>
    public static CatalogDatabase Open(string path, TimeProvider clock, Action<string> warn) =>
        Open(path, clock, warn, ProcessIdentity.Current);

    internal static CatalogDatabase Open(
        string path, TimeProvider clock, Action<string> warn, ProcessIdentity self, int? schemaVersion = null)
    {
        var full = Path.GetFullPath(path);
        return new CatalogDatabase(full, CatalogFile.Open(full, clock, warn, schemaVersion ?? Schema.Newest), clock, self);
    }

    public Run BeginRun(NewRun run)
    {
        var startedAt = run.StartedAt ?? clock.GetUtcNow();
        Execute(
            """
            INSERT INTO runs (id, kind, job, status, trigger, created_by, started_at, host, pid, boot_id, start_ticks)
            VALUES ($id, $kind, $job, 'in_progress', $trigger, $created_by, $started_at, $host, $pid, $boot_id, $start_ticks)
            """,
            ("$id", run.Id),
            ("$kind", EnumWord.Of(run.Kind)),
            ("$job", run.Job),
            ("$trigger", run.Trigger),
            ("$created_by", run.CreatedBy),
            ("$started_at", Text(startedAt)),
            ("$host", self.Host),
            ("$pid", self.Pid),
            ("$boot_id", self.BootId),
            ("$start_ticks", self.StartTicks));
        return FindRun(run.Id)!;
    }

    public void AppendEvent(string runId, EventLevel level, string message) => Execute(
        "INSERT INTO events (run_id, at, level, message) VALUES ($run_id, $at, $level, $message)",
        ("$run_id", runId),
        ("$at", Text(clock.GetUtcNow())),
        ("$level", EnumWord.Of(level)),
        ("$message", message));

    /// <summary>Closes a run. A run that is closed already stays as it is; then the answer is false.</summary>
    public bool FinishRun(string runId, RunResult result) => Execute(
        """
        UPDATE runs SET status = $status, finished_at = $finished_at, backup_id = $backup_id,
            size_bytes = $size_bytes, added_bytes = $added_bytes,
            exit_status = $exit_status, error_code = $error_code, error_message = $error_message, hint = $hint
        WHERE id = $id AND status = 'in_progress'
        """,
        ("$id", runId),
        ("$status", EnumWord.Of(result.Status)),
        ("$finished_at", Text(clock.GetUtcNow())),
        ("$backup_id", result.BackupId),
        ("$size_bytes", result.SizeBytes),
        ("$added_bytes", result.AddedBytes),
        ("$exit_status", (int)result.ExitStatus),
        ("$error_code", result.Error?.Code),
        ("$error_message", result.Error?.Message),
        ("$hint", result.Error?.Hint)) == 1;

    /// <summary>
    /// Closes runs that stand as in progress although their process is dead (killed, power cut, rebooted): they become failed,
    /// <c>LARDER-002</c>. Returns those that were closed, as they are now.
    /// </summary>
    public IReadOnlyList<Run> CloseInterrupted()
    {
        var closed = new List<Run>();
        foreach (var run in Runs(new RunFilter { Status = RunStatus.InProgress, Limit = int.MaxValue }).Runs)
        {
            if (IsInterrupted(run) && FinishRun(run.Id, Interrupted(run)))
            {
                closed.Add(FindRun(run.Id)!);
            }
        }
        return closed;
    }

    /// <summary>Writes, and changes nothing: throws where a run could not be noted, because the disk is full, say.</summary>
    public void EnsureWritable() => Transact(() =>
    {
        var version = Query("PRAGMA user_version", reader => reader.GetInt64(0))[0];
        Execute($"PRAGMA user_version = {version}");
    });

    public Run? FindRun(string id) => Query("SELECT * FROM runs WHERE id = $id", ReadRun, ("$id", id)).FirstOrDefault();

    /// <summary>Newest first.</summary>
    public RunPage Runs(RunFilter filter)
    {
        const string Where =
            """
            FROM runs WHERE ($job IS NULL OR job = $job) AND ($kind IS NULL OR kind = $kind) AND ($status IS NULL OR status = $status)
                AND ($backup_id IS NULL OR backup_id = $backup_id) AND ($from IS NULL OR started_at >= $from)
                AND ($jobs IS NULL OR instr($jobs, ' ' || job || ' ') > 0)
            """;
        (string, object?)[] parameters =
        [
            ("$job", filter.Job),
            ("$jobs", filter.Jobs is { } jobs ? $" {string.Join(' ', jobs)} " : null), // No name of a job holds a space.
            ("$kind", filter.Kind is { } kind ? EnumWord.Of(kind) : null),
            ("$status", filter.Status is { } status ? EnumWord.Of(status) : null),
            ("$backup_id", filter.BackupId),
            ("$from", filter.StartedFrom is { } from ? Text(from) : null),
        ];
        var runs = Query(
            $"SELECT * {Where} ORDER BY started_at DESC, id DESC LIMIT $limit OFFSET $offset",
            ReadRun,
            [.. parameters, ("$limit", filter.Limit), ("$offset", filter.Offset)]);
        return new RunPage(runs, Query($"SELECT count(*) {Where}", reader => reader.GetInt64(0), parameters)[0]);
    }

    /// <summary>In the order in which they were appended.</summary>
    /// <param name="runId">Of which run.</param>
    /// <param name="after">Only those with a greater number: who follows a run passes the last one he has.</param>
    public IReadOnlyList<RunEvent> Events(string runId, long after = 0) => Query(
        "SELECT number, at, level, message FROM events WHERE run_id = $run_id AND number > $after ORDER BY number",
        reader => new RunEvent(reader.GetInt64(0), Time(reader.GetString(1)), Parse<EventLevel>(reader.GetString(2)), reader.GetString(3)),
        ("$run_id", runId),
        ("$after", after));

    /// <summary>What is to run.</summary>
    public QueueTable Queue => new(this);

    internal TimeProvider Clock => clock;

    public void Dispose() => connection.Dispose();

    /// <summary>All of the work or nothing, also where the process is killed; nobody else writes in between.</summary>
    internal T InTransaction<T>(Func<T> work)
    {
        T made = default!;
        Transact(() => made = work());
        return made;
    }

    /// <summary>The same for work that makes nothing.</summary>
    internal void Transact(Action work)
    {
        lock (oneAtATime)
        {
            Execute("BEGIN IMMEDIATE");
            try
            {
                work();
                Execute("COMMIT");
            }
            catch
            {
                RollBack();
                throw;
            }
        }
    }

    /// <summary>What went wrong before is what counts; and after a full disk or a failed read SQLite has rolled back by itself.</summary>
    private void RollBack()
    {
        try
        {
            Execute("ROLLBACK");
        }
        catch (LarderException)
        {
            // No transaction is open any more.
        }
    }

    private bool IsInterrupted(Run run)
    {
        if (run.Process == self)
        {
            return false;
        }
        var lastSign = Events(run.Id) is { Count: > 0 } events ? events[^1].At : run.StartedAt;
        return run.Process.IsDead() || (run.Process.Host != self.Host && clock.GetUtcNow() - lastSign > SilenceMax);
    }

    private static RunResult Interrupted(Run run)
    {
        var row = ErrorTable.Row(EngineError.Interrupted);
        return new RunResult
        {
            Status = RunStatus.Failed,
            ExitStatus = ExitStatus.Failed,
            Error = new ErrorReport
            {
                Code = row.Code,
                Message = $"Interrupted: process {run.Process.Pid} on {run.Process.Host} ended without closing its run.",
                Hint = row.Hint,
                ExitStatus = ExitStatus.Failed,
                HttpStatus = row.HttpStatus,
            },
        };
    }

    internal int Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        lock (oneAtATime)
        {
            try
            {
                using var command = Command(sql, parameters);
                return command.ExecuteNonQuery();
            }
            catch (SqliteException exception)
            {
                throw CatalogFile.Failure(path, exception);
            }
        }
    }

    internal List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        lock (oneAtATime)
        {
            try
            {
                using var command = Command(sql, parameters);
                using var reader = command.ExecuteReader();
                var rows = new List<T>();
                while (reader.Read())
                {
                    rows.Add(read(reader));
                }
                return rows;
            }
            catch (SqliteException exception)
            {
                throw CatalogFile.Failure(path, exception);
            }
        }
    }

    private SqliteCommand Command(string sql, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }
        return command;
    }

    private static Run ReadRun(SqliteDataReader row)
    {
        return new Run
        {
            Id = String("id")!,
            Kind = Parse<RunKind>(String("kind")!),
            Job = String("job"),
            Status = Parse<RunStatus>(String("status")!),
            Trigger = String("trigger")!,
            CreatedBy = String("created_by"),
            StartedAt = Time(String("started_at")!),
            FinishedAt = String("finished_at") is { } finished ? Time(finished) : null,
            BackupId = String("backup_id"),
            SizeBytes = Number("size_bytes"),
            AddedBytes = Number("added_bytes"),
            ExitStatus = (int?)Number("exit_status"),
            ErrorCode = String("error_code"),
            ErrorMessage = String("error_message"),
            Hint = String("hint"),
            Process = new ProcessIdentity(String("host")!, (int)Number("pid")!, String("boot_id"), Number("start_ticks")),
        };

        string? String(string column) => row.GetOrdinal(column) is var at && row.IsDBNull(at) ? null : row.GetString(at);
        long? Number(string column) => row.GetOrdinal(column) is var at && row.IsDBNull(at) ? null : row.GetInt64(at);
    }

    internal static string Text(DateTimeOffset moment) => moment.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture);

    internal static DateTimeOffset Time(string text) =>
        DateTimeOffset.ParseExact(text, TimeForm, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    internal static T Parse<T>(string word) where T : struct, Enum => EnumWord.Find<T>(word)
        ?? throw new LarderException(EngineError.CatalogDamaged, $"The catalog holds \"{word}\", which is no {typeof(T).Name}.");
}
