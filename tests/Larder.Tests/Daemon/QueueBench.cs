using Larder.Daemon;
using Larder.Engine.BackingUp;
using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Larder.Tests.Daemon;

/// <summary>A queue with a catalog of its own and runs that end when the test says so.</summary>
internal sealed class QueueBench : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Dictionary<string, TaskCompletionSource<Exception?>> ends = [];
    private readonly List<string> begun = [];
    private readonly Lock gate = new();
    private int lives;
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public QueueBench(string jobs = "", int parallel = 2)
    {
        var yaml = $$"""
            repositories: { local: { path: {{folder["r"]}}, password: x }, other: { path: {{folder["o"]}}, password: x } }
            serve: { max_parallel_runs: {{parallel}} }
            jobs:
              a: { sources: { f: { files: { paths: [/srv/a] } } }, to: local{{jobs}} }
              b: { sources: { f: { files: { paths: [/srv/b] } } }, to: local }
              c: { sources: { f: { files: { paths: [/srv/c] } } }, to: other, priority: 5 }
            """;
        var environment = new ConfigurationEnvironment { Variables = new Dictionary<string, string>(), WorkingDirectory = folder.FullPath };
        Configuration = ConfigurationLoader.LoadText(yaml, folder["larder.yaml"], environment).Require();
        (Catalog, Queue) = Open();
    }

    public LarderConfiguration Configuration { get; }

    public TestClock Clock { get; } = new();

    /// <summary>Jobs that another process is at work on.</summary>
    public HashSet<string> JobsOfOthers { get; } = [];

    /// <summary>What keeps every run from beginning.</summary>
    public Exception? Broken { get; set; }

    public CatalogDatabase Catalog { get; private set; }

    public RunQueue Queue { get; private set; }

    /// <summary>The ids of the runs that began, in order.</summary>
    public IReadOnlyList<string> Begun
    {
        get
        {
            lock (gate)
            {
                return [.. begun];
            }
        }
    }

    public string BackUp(string job, string trigger = "api") =>
        Queue.Enqueue(new BackupOrder(new BackupRequest { Job = job }), new RunOrigin(trigger, "tester"));

    /// <summary>Completes when so many runs have begun.</summary>
    public async Task UntilBegunAsync(int count)
    {
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (begun.Count >= count)
                {
                    return;
                }
                next = changed.Task; // Taken together with the count, so that no change is missed.
            }
            await next.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        }
    }

    /// <summary>Ends a run that has begun, and completes when it is closed.</summary>
    public async Task EndAsync(string runId, Exception? failure = null)
    {
        lock (gate)
        {
            ends[runId].SetResult(failure);
        }
        await Queue.WhenEndedAsync(runId, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
    }

    /// <summary>As if the process were killed and started again.</summary>
    public async Task RestartAsync()
    {
        Catalog.Dispose();
        await Queue.DisposeAsync();
        (Catalog, Queue) = Open();
        Catalog.CloseInterrupted();
        Queue.Resume();
    }

    /// <summary>What is to run can be noted no more; runs still can.</summary>
    public void BreakTheQueueInTheCatalog()
    {
        using var connection = new SqliteConnection($"Data Source={folder["catalog.db"]};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "DROP TABLE queue";
        command.ExecuteNonQuery();
    }

    public RunStatus StatusOf(string runId) => Catalog.FindRun(runId)!.Status;

    public async ValueTask DisposeAsync()
    {
        await Queue.DisposeAsync();
        Catalog.Dispose();
        await folder.DisposeAsync();
    }

    private (CatalogDatabase Catalog, RunQueue Queue) Open()
    {
        var self = new ProcessIdentity(Environment.MachineName, 4_100_000 + ++lives, null, -1);
        var catalog = CatalogDatabase.Open(folder["catalog.db"], Clock, _ => { }, self);
        return (catalog, new RunQueue(catalog, () => Configuration, Clock, ExecuteAsync, NullLogger.Instance));
    }

    private async Task ExecuteAsync(QueueEntry entry, CancellationToken cancellationToken)
    {
        if (Broken is not null)
        {
            throw Broken;
        }
        if (JobsOfOthers.Contains(entry.Run.Job ?? ""))
        {
            throw new LarderException(EngineError.JobAlreadyRunning, $"Job \"{entry.Run.Job}\" is running already.");
        }
        var end = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var id = entry.Run.RunId;
        Catalog.BeginRun(new NewRun { Id = id, Kind = entry.Order.Kind, Job = entry.Run.Job, Trigger = entry.Run.Trigger });
        lock (gate)
        {
            ends[id] = end;
            begun.Add(id);
        }
        Tell();
        Exception? failure;
        try
        {
            failure = await end.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException e)
        {
            failure = e;
        }
        Catalog.FinishRun(id, failure is null ? RunResult.Success : RunResult.Failed(ErrorTable.Describe(failure)));
        if (failure is not null)
        {
            throw failure;
        }
    }

    private void Tell()
    {
        lock (gate)
        {
            changed.TrySetResult();
            changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
