using System.Globalization;
using System.Text.Json;
using Larder.Sources.Exchanges;
using Larder.Sources.Files;
using Larder.Sources.Native;
using Larder.Sources.Sqlite;
using Larder.Testing;
using Xunit.Runner.InProc.SystemConsole;

namespace Larder.Sources.Tests;

/// <summary>What a process of its own does until it is killed with SIGKILL, by itself so that it is exactly there.</summary>
internal sealed record KilledWork
{
    /// <summary><c>exchange</c>, <c>undo</c>, <c>forget</c>, <c>overwrite</c>.</summary>
    public required string Operation { get; init; }

    /// <summary>After this many changes; more than there are for none.</summary>
    public required int Calls { get; init; }

    public ExchangeRecord? Record { get; init; }

    public string? Copy { get; init; }

    public string? Live { get; init; }
}

/// <summary>This test program as a child of itself, which works instead of testing.</summary>
internal static class KilledChild
{
    private const string Variable = "LARDER_KILLED_WORK";
    private const string CameToItsEnd = "The work came to its end.";

    /// <summary>Whether it was killed; otherwise it came to its end.</summary>
    internal static async Task<bool> RunAsync(KilledWork work, CancellationToken cancellationToken)
    {
        var program = Path.Combine(AppContext.BaseDirectory, typeof(KilledChild).Assembly.GetName().Name!);
        var result = await ChildProcess.RunAsync(
            new ChildCommand(program)
            {
                Environment = new Dictionary<string, string?> { [Variable] = JsonSerializer.Serialize(work) },
            },
            cancellationToken);
        if (!result.WasKilled)
        {
            result.Expect();
            Assert.Contains(CameToItsEnd, result.Output, StringComparison.Ordinal);
        }
        return result.WasKilled;
    }

    /// <summary>The test program begins here: it works where it was told to, and tests otherwise.</summary>
    public static async Task<int> Main(string[] arguments)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } work)
        {
            return await ConsoleRunner.Run(arguments);
        }
        await WorkAsync(JsonSerializer.Deserialize<KilledWork>(work)!);
        Console.WriteLine(CameToItsEnd);
        return 0;
    }

    private static async Task WorkAsync(KilledWork work)
    {
        var calls = 0;
        if (work.Operation == "overwrite")
        {
            await SqliteOverwrite.WriteAsync(work.Copy!, work.Live!, TimeSpan.FromSeconds(10), TimeProvider.System, default, _ => Count());
            return;
        }
        IExchange exchange = work.Record!.Engine == "sqlite"
            ? new SqliteExchange(work.Record, TimeSpan.FromSeconds(10), TimeProvider.System, _ => Count())
            : new TreeExchange(work.Record, _ => Count());
        await (work.Operation switch
        {
            "exchange" => exchange.ExchangeAsync(default),
            "undo" => exchange.UndoAsync(default),
            _ => exchange.ForgetAsync(default),
        });

        void Count()
        {
            if (++calls == work.Calls)
            {
                _ = Libc.SendSignal(Environment.ProcessId, 9);
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"Still alive after call {calls}."));
            }
        }
    }
}
