using System.Diagnostics;

namespace Larder.Testing.Servers;

/// <summary>
/// A running mongod: its process group, the pretended Windows around it, and what it says. All of it ends with the test run, however that
/// ends, because the test run holds the other end of its standard input.
/// </summary>
internal sealed class MongoProcess : IAsyncDisposable
{
    // Lines of the server's log by their numbers, which do not change with its words.
    public const string WaitingForConnections = "\"id\":23016,";
    public const string BecamePrimary = "\"id\":21331,";

    private const int KeptLines = 40;

    // $! is mongod itself, since wine becomes it. What wine started beside it is in other groups, and ends with the prefix.
    private const string Wrapper =
        """
        exec 3<&0 2>/dev/null
        "$@" </dev/null 3<&- 2>&1 &
        server=$!
        { read -r _ <&3; kill -KILL "$server"; } &
        wait "$server"
        wineserver --kill
        rm -rf "$WINEPREFIX"
        kill -KILL 0
        """;

    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(2);
    private static readonly string[] Milestones = [WaitingForConnections, BecamePrimary];

    private readonly Process process;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task exited;
    private readonly Task reading;
    private readonly Lock gate = new();
    private readonly Queue<string> lastLines = new();
    private readonly Dictionary<string, TaskCompletionSource> milestones =
        Milestones.ToDictionary(text => text, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    private MongoProcess(Process process)
    {
        this.process = process;
        exited = process.WaitForExitAsync();
        reading = Task.Run(ReadAsync);
    }

    public static async Task<MongoProcess> StartAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var prefix = await WinePrefix.CreateAsync(cancellationToken);
        var start = new ProcessStartInfo("setsid", ["sh", "-c", Wrapper, "sh", "wine", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        foreach (var (name, value) in WinePrefix.EnvironmentFor(prefix))
        {
            start.Environment[name] = value;
        }
        return new MongoProcess(Process.Start(start)!);
    }

    /// <summary>Returns once the log has had a line, before or after this call.</summary>
    public async Task WaitForAsync(string milestone, CancellationToken cancellationToken)
    {
        var reached = milestones[milestone].Task;
        await Task.WhenAny(reached, exited).WaitAsync(Bound, TimeProvider.System, cancellationToken);
        if (!reached.IsCompleted)
        {
            lock (gate)
            {
                throw new TestFailedException($"The MongoDB server ended while it was starting:\n{string.Join('\n', lastLines)}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        await exited;
        // The end of the output is not waited for: something of wine may hold it a moment longer.
        await stopping.CancelAsync();
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        process.Dispose();
        stopping.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await process.StandardOutput.ReadLineAsync(stopping.Token) is { } line)
        {
            lock (gate)
            {
                lastLines.Enqueue(line);
                if (lastLines.Count > KeptLines)
                {
                    lastLines.Dequeue();
                }
            }
            foreach (var text in Milestones.Where(text => line.Contains(text, StringComparison.Ordinal)))
            {
                milestones[text].TrySetResult();
            }
        }
    }
}
