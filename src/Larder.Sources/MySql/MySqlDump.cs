using Larder.Sources.Tools;

namespace Larder.Sources.MySql;

/// <summary>Starts the dump program of a server.</summary>
internal sealed class MySqlDump(MySqlServer server, MySqlTools tools, TimeProvider clock, TimeSpan? timeout)
{
    private const int OutputBufferBytes = 256 * 1024;

    /// <summary>Tables with their rows: all databases in one transaction, so that they are from one moment.</summary>
    public MySqlDumpRun StartTables(IReadOnlyList<string> databases, IEnumerable<MySqlObject> ignored) =>
        Start([.. TableOptions(), .. Ignore(ignored), "--databases", .. databases]);

    /// <summary>Some tables of one database.</summary>
    public MySqlDumpRun StartTables(string database, IReadOnlyList<string> tables) => Start([.. TableOptions(), "--", database, .. tables]);

    /// <summary>Triggers, routines and events of a database.</summary>
    /// <param name="withEvents">The program fails where the account may not see events; it is silent about all else.</param>
    public MySqlDumpRun StartRoutines(string database, IEnumerable<MySqlObject> ignored, bool withEvents = true) => Start(
    [
        "--single-transaction", "--no-create-info", "--no-data", "--triggers", "--routines", withEvents ? "--events" : "--skip-events",
        .. Ignore(ignored), "--", database,
    ]);

    /// <summary>Views, in an order in which they can be made, whichever of them needs which.</summary>
    public MySqlDumpRun StartViews(string database, IReadOnlyList<string> views) =>
        Start(["--single-transaction", "--no-data", "--skip-triggers", "--", database, .. views]);

    /// <summary>Accounts, roles and their rights.</summary>
    public MySqlDumpRun StartUsers() => Start(["--system=users", "--insert-ignore"]);

    private static IEnumerable<string> Ignore(IEnumerable<MySqlObject> objects) =>
        objects.Select(item => $"--ignore-table={item.FullName}");

    private IEnumerable<string> TableOptions()
    {
        // Without locks and key switches around the rows: they would commit, and a restore of rows alone is one transaction.
        yield return "--single-transaction";
        yield return "--quick";
        yield return "--hex-blob";
        yield return "--tz-utc";
        yield return "--complete-insert";
        yield return "--skip-triggers";
        yield return "--skip-add-locks";
        yield return "--skip-disable-keys";
        if (tools.DumpHas("dump-history"))
        {
            yield return "--dump-history";
        }
    }

    private MySqlDumpRun Start(IReadOnlyList<string> arguments)
    {
        var login = OptionFile.Create(server, tools.DumpIsMariaDb);
        try
        {
            List<string> all =
            [
                login.Argument, "--default-character-set=utf8mb4", "--max-allowed-packet=1G", "--skip-dump-date", "--no-tablespaces",
            ];
            if (tools.DumpHas("set-gtid-purged"))
            {
                all.Add("--set-gtid-purged=OFF"); // The state of replication belongs to the server, not to the data.
            }
            if (tools.DumpHas("column-statistics"))
            {
                all.Add("--skip-column-statistics"); // Older servers do not know them.
            }
            // The C library gives a pipe 4 KiB of buffer; a larger one spares the program and us a hundred thousand calls.
            string[] buffered = ProgramPath.Find("stdbuf") is { } stdbuf ? [stdbuf, $"--output={OutputBufferBytes}"] : [];
            string[] command = [.. buffered, tools.Dump, .. all, .. arguments];
            var process = ToolProcess.Start(
                new ToolStart
                {
                    Program = command[0],
                    Arguments = command[1..],
                    ShownName = Path.GetFileName(tools.Dump),
                    Timeout = timeout,
                },
                clock);
            return new MySqlDumpRun(server, process, login);
        }
        catch
        {
            login.Dispose();
            throw;
        }
    }
}
