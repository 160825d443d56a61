using System.Runtime.CompilerServices;
using System.Text;

namespace Larder.Sources.PostgreSql;

/// <summary>One run of pg_dump for each database, and one of pg_dumpall for what is not in any.</summary>
internal sealed class PostgreSqlSession : ISourceSession
{
    private const uint FolderPermissions = 0x1C0; // 0700
    private const uint FilePermissions = 0x180; // 0600

    private readonly PostgreSqlSettings settings;
    private readonly PostgreSqlPlan plan;
    private readonly PostgreSqlRuns runs;
    private readonly GlobalsDump? globals;
    private readonly EntryTime startedAt;
    private readonly List<EntryFacts> facts = [];
    private readonly List<SourceWarning> notCaptured = [];
    private DatabaseDump? dump;
    private bool handedOver;

    private PostgreSqlSession(
        PostgreSqlSettings settings,
        PostgreSqlPlan plan,
        PostgreSqlRuns runs,
        GlobalsDump? globals,
        DatabaseDump? first,
        SourceDescription description,
        DateTimeOffset now)
    {
        this.settings = settings;
        this.plan = plan;
        this.runs = runs;
        this.globals = globals;
        dump = first;
        Description = description;
        startedAt = new EntryTime(now.ToUnixTimeSeconds(), (int)(now.Ticks % TimeSpan.TicksPerSecond) * 100);
        notCaptured.AddRange(plan.LeftOut);
    }

    public SourceDescription Description { get; }

    /// <summary>
    /// Starts the first dump: what can go wrong mostly goes wrong until its table of contents is there. The globals are dumped meanwhile,
    /// so that pg_dump need not wait for them with its rows; the little that they are waits in a pipe.
    /// </summary>
    public static async Task<PostgreSqlSession> OpenAsync(
        PostgreSqlSettings settings,
        PostgreSqlConnection connection,
        PostgreSqlPlan plan,
        TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var runs = new PostgreSqlRuns(settings, connection, plan, clock);
        var globals = settings.Globals ? runs.DumpGlobals() : null;
        var first = await StartFirstAsync(plan, runs, globals, cancellationToken);
        var description = new SourceDescription
        {
            Engine = "postgresql",
            EngineVersion = plan.Server.Version,
            ToolVersion = first?.Toc.Header.ToolVersion,
            DatabaseName = string.Join(", ", plan.Databases.Select(database => database.Name)),
            DatabaseHost = connection.ShownHost ?? plan.Server.Host ?? "localhost",
            Encoding = plan.Encoding,
            EstimatedBytes = plan.Databases is [{ Name: var only }] && only == plan.Server.DatabaseName ? plan.Server.DatabaseBytes : null,
            Consistency = plan.Databases.Count > 1 ? "snapshot per database" : "snapshot",
        };
        return new PostgreSqlSession(settings, plan, runs, globals, first, description, clock.GetUtcNow());
    }

    public async IAsyncEnumerable<SourceEntry> ReadEntriesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (globals is not null)
        {
            yield return MakeFile(new EntryPath(DatabaseFolder.GlobalsFile), globals.Open);
            await EndGlobalsAsync(globals, cancellationToken);
        }
        foreach (var database in plan.Databases)
        {
            dump ??= await runs.DumpAsync(database.Name, cancellationToken);
            var folder = new EntryPath(DatabaseFolder.Encode(database.Name));
            yield return new SourceEntry { Path = folder, Attributes = Describe(EntryType.Directory, FolderPermissions) };
            yield return MakeTocEntry(folder, dump.Toc.ToDirectory().ToBytes());
            while (await dump.MoveNextAsync(cancellationToken) is { } part)
            {
                yield return MakeEntry(folder, part);
            }
            await EndDumpAsync(database.Name, cancellationToken);
        }
        handedOver = true;
    }

    public Task<SourceOutcome> CompleteAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!handedOver)
        {
            throw new InvalidOperationException("The entries were not read to their end.");
        }
        return Task.FromResult(new SourceOutcome { Entries = facts, NotCaptured = notCaptured });
    }

    public async ValueTask DisposeAsync()
    {
        if (globals is not null)
        {
            await globals.DisposeAsync();
        }
        if (dump is not null)
        {
            await dump.DisposeAsync();
        }
    }

    private static async Task<DatabaseDump?> StartFirstAsync(
        PostgreSqlPlan plan, PostgreSqlRuns runs, GlobalsDump? globals, CancellationToken cancellationToken)
    {
        try
        {
            return plan.Databases.Count > 0 ? await runs.DumpAsync(plan.Databases[0].Name, cancellationToken) : null;
        }
        catch
        {
            if (globals is not null)
            {
                await globals.DisposeAsync();
            }
            throw;
        }
    }

    private async Task EndGlobalsAsync(GlobalsDump globals, CancellationToken cancellationToken)
    {
        var content = await globals.CompleteAsync(cancellationToken);
        await globals.DisposeAsync();
        facts.Add(content);
        if (!plan.Server.ReadsPasswords)
        {
            notCaptured.Add(new SourceWarning(
                DatabaseFolder.GlobalsFile, "The passwords of roles are not in it, because this user may not read them (pg_authid)."));
        }
    }

    private async Task EndDumpAsync(string database, CancellationToken cancellationToken)
    {
        var parts = await dump!.CompleteAsync(cancellationToken);
        facts.AddRange(parts.Select(part => PartFacts.Of(database, part)));
        notCaptured.AddRange(DumpGaps.Find(database, settings.Exclude, plan.Server.ReadsSecrets, dump.Toc, dump.ErrorText));
        await dump.DisposeAsync();
        dump = null;
    }

    private SourceEntry MakeTocEntry(EntryPath folder, byte[] toc) => new()
    {
        Path = folder.Append(Encoding.UTF8.GetBytes(DatabaseFolder.TocFile)),
        Attributes = Describe(EntryType.File) with { SizeBytes = (ulong)toc.Length },
        Style = ContentStyle.Dump,
        OpenContent = _ => ValueTask.FromResult<Stream>(new MemoryStream(toc, writable: false)),
    };

    private SourceEntry MakeEntry(EntryPath folder, ArchivePart part) =>
        MakeFile(folder.Append(Encoding.UTF8.GetBytes(part.File)), dump!.OpenPart);

    private SourceEntry MakeFile(EntryPath path, Func<Stream> open) => new()
    {
        Path = path,
        Attributes = Describe(EntryType.File),
        Style = ContentStyle.Dump,
        OpenContent = _ => ValueTask.FromResult(open()),
    };

    private EntryAttributes Describe(EntryType type, uint permissions = FilePermissions) =>
        new() { Type = type, Permissions = permissions, ModifiedAt = startedAt };
}
