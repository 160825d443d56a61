using System.Runtime.CompilerServices;
using System.Text;

namespace Larder.Sources.MySql;

/// <summary>One run of the dump program, cut into files while it is read.</summary>
internal sealed class MySqlSession : ISourceSession
{
    // Definitions are gathered in memory and handed over when they have this size, so any number of tables fits.
    private const int DefinitionBytesMax = 8 * 1024 * 1024;

    private readonly MySqlSettings settings;
    private readonly MySqlCatalog catalog;
    private readonly MySqlDump dump;
    private readonly bool readsUsers;
    private readonly TimeProvider clock;
    private readonly EntryTime startedAt;
    private readonly MySqlDumpRun run;
    private readonly SqlScanner scanner;
    private readonly MemoryStream definitions = new();
    private readonly List<EntryFacts> facts = [];
    private readonly HashSet<string> dumped = new(StringComparer.Ordinal);
    private int definitionFiles;
    private string? database;
    private byte[] createDatabase = [];
    private string? tableWithoutRows;
    private ProducedStream? open;
    private bool handedOver;

    public MySqlSession(
        MySqlSettings settings, MySqlCatalog catalog, MySqlDump dump, bool readsUsers, TimeProvider clock, SourceDescription description)
    {
        this.settings = settings;
        this.catalog = catalog;
        this.dump = dump;
        this.readsUsers = readsUsers;
        this.clock = clock;
        Description = description;
        var now = clock.GetUtcNow();
        startedAt = new EntryTime(now.ToUnixTimeSeconds(), (int)(now.Ticks % TimeSpan.TicksPerSecond) * 100);
        run = dump.StartTables(catalog.Databases, [.. catalog.Excluded, .. catalog.Objects.Where(item => item.IsView)]);
        scanner = new SqlScanner(run.Output);
    }

    public SourceDescription Description { get; }

    /// <summary>Waits for the dump's first words; then it has logged in.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        if (await AdvanceAsync(cancellationToken) == SqlKind.End)
        {
            await run.CompleteAsync(cancellationToken);
            throw NotComplete();
        }
        run.NoteLoggedIn();
    }

    public async IAsyncEnumerable<SourceEntry> ReadEntriesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (readsUsers)
        {
            await foreach (var entry in HandOverAsync(
                new ScriptStream([dump.StartUsers]), DumpNames.Users, "users", MySqlKinds.Users, cancellationToken))
            {
                yield return entry;
            }
        }
        while (scanner.Kind != SqlKind.End && !DumpText.IsFooter(scanner.Text.Span))
        {
            await foreach (var entry in TakeAsync(cancellationToken))
            {
                yield return entry;
            }
        }
        await foreach (var entry in EndDatabaseAsync(cancellationToken))
        {
            yield return entry;
        }
        while (await AdvanceAsync(cancellationToken) != SqlKind.End)
        {
            if (!SqlText.StartsWord(SqlText.SkipConditional(scanner.Text.Span), "SET "u8))
            {
                throw new SourceException(
                    SourceError.ToolFailed, "The dump goes on after what should be its end; this form of it is not known.");
            }
        }
        handedOver = true;
    }

    public async Task<SourceOutcome> CompleteAsync(CancellationToken cancellationToken)
    {
        if (!handedOver)
        {
            throw new InvalidOperationException("The entries were not read to their end.");
        }
        await run.CompleteAsync(cancellationToken);
        if (!scanner.IsComplete)
        {
            throw NotComplete();
        }
        return new SourceOutcome
        {
            Entries = facts,
            Warnings = [.. MySqlNotes.FindWarnings(catalog, dumped)],
            NotCaptured = [.. MySqlNotes.FindNotCaptured(catalog, settings, readsUsers)],
        };
    }

    public async ValueTask DisposeAsync()
    {
        if (open is not null)
        {
            await open.DisposeAsync();
        }
        await run.DisposeAsync();
        await definitions.DisposeAsync();
    }

    /// <summary>Takes what the scanner stands at, and goes on.</summary>
    private async IAsyncEnumerable<SourceEntry> TakeAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (RowsStream.Takes(scanner))
        {
            var table = scanner.Kind == SqlKind.Rows ? SqlText.FindName(scanner.Text.Span) : tableWithoutRows;
            tableWithoutRows = null;
            await foreach (var entry in HandOverRowsAsync(table ?? throw NotUnderstood(), cancellationToken))
            {
                yield return entry;
            }
            yield break; // Reading the rows has gone on to what follows them.
        }
        var kind = StatementKinds.Of(scanner.Text.Span);
        if (kind is not StatementKind.Setting && tableWithoutRows is { } empty)
        {
            tableWithoutRows = null;
            await foreach (var entry in HandOverRowsAsync(empty, cancellationToken))
            {
                yield return entry;
            }
        }
        switch (kind)
        {
            case StatementKind.CreateDatabase:
                createDatabase = scanner.Text.ToArray();
                break;
            case StatementKind.Use:
                var name = SqlText.FindName(scanner.Text.Span) ?? throw NotUnderstood();
                await foreach (var entry in BeginDatabaseAsync(name, cancellationToken))
                {
                    yield return entry;
                }
                break;
            case var _ when database is null:
                break; // The dump's own header; each file has one of its own.
            default:
                tableWithoutRows = kind == StatementKind.CreateTable ? SqlText.FindName(scanner.Text.Span) : tableWithoutRows;
                definitions.Write(scanner.Text.Span);
                definitions.Write(";\n"u8);
                break;
        }
        if (definitions.Length >= DefinitionBytesMax)
        {
            yield return EndDefinitions();
        }
        await AdvanceAsync(cancellationToken);
    }

    private async IAsyncEnumerable<SourceEntry> BeginDatabaseAsync(
        string name, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (name == database)
        {
            yield break;
        }
        await foreach (var entry in EndDatabaseAsync(cancellationToken))
        {
            yield return entry;
        }
        database = name;
        definitionFiles = 0;
        yield return new SourceEntry
        {
            Path = new EntryPath(DumpNames.Escape(name)),
            Attributes = new EntryAttributes { Type = EntryType.Directory, Permissions = 0x1C0 /* 0700 */, ModifiedAt = startedAt },
        };
        yield return MakeFile(
            DumpNames.Database,
            [.. createDatabase, .. ";\nUSE "u8, .. Encoding.UTF8.GetBytes(SqlText.Quote(name)), .. ";\n-- Dump completed\n"u8]);
    }

    private async IAsyncEnumerable<SourceEntry> EndDatabaseAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (database is null)
        {
            yield break;
        }
        if (tableWithoutRows is { } empty)
        {
            tableWithoutRows = null;
            await foreach (var entry in HandOverRowsAsync(empty, cancellationToken))
            {
                yield return entry;
            }
        }
        if (definitions.Length > 0 || definitionFiles == 0)
        {
            yield return EndDefinitions();
        }
        var ignored = catalog.Excluded.Where(item => item.Database == database && item.IsTable).ToList();
        var views = catalog.Objects.Where(item => item.Database == database && item is { IsView: true, IsBroken: false })
            .Select(item => item.Name).ToList();
        var name = database;
        // What the account may not see is left out, and a warning says so.
        List<Func<MySqlDumpRun>> starts = [() => dump.StartRoutines(name, ignored, catalog.Rights.Has("EVENT", name))];
        if (views.Count > 0 && catalog.Rights.Has("SHOW VIEW", name))
        {
            starts.Add(() => dump.StartViews(name, views));
        }
        await foreach (var entry in HandOverAsync(
            new ScriptStream(starts), PathOf(DumpNames.After), name, MySqlKinds.After, cancellationToken))
        {
            yield return entry;
        }
    }

    private SourceEntry EndDefinitions()
    {
        byte[] bytes = [.. DumpText.Header, .. definitions.GetBuffer().AsSpan(0, (int)definitions.Length), .. DumpText.Footer];
        definitions.SetLength(0);
        var file = DumpNames.Tables(++definitionFiles);
        facts.Add(new EntryFacts { Name = database!, Kind = MySqlKinds.Definitions, File = PathOf(file), Bytes = bytes.Length });
        return MakeFile(file, bytes);
    }

    private async IAsyncEnumerable<SourceEntry> HandOverRowsAsync(
        string table, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var path = PathOf(DumpNames.Rows(table));
        await using var rows = new RowsStream(scanner, error => run.FindCauseAsync(error, CancellationToken.None));
        dumped.Add($"{database}.{table}");
        var began = clock.GetTimestamp();
        open = rows;
        yield return MakeEntry(path, rows);
        await rows.CopyToAsync(Stream.Null, cancellationToken); // What the caller left.
        open = null;
        facts.Add(new EntryFacts
        {
            Name = $"{database}.{table}",
            Kind = MySqlKinds.Table,
            File = path,
            Rows = rows.Fingerprint.Rows,
            Bytes = rows.BytesRead,
            Fingerprint = rows.Fingerprint,
            Duration = clock.GetElapsedTime(began),
        });
    }

    private async IAsyncEnumerable<SourceEntry> HandOverAsync(
        ScriptStream script, string path, string name, string kind, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var content = script;
        open = content;
        yield return MakeEntry(path, content);
        await content.CopyToAsync(Stream.Null, cancellationToken);
        open = null;
        facts.Add(new EntryFacts { Name = name, Kind = kind, File = path, Bytes = content.BytesRead });
    }

    private SourceEntry MakeFile(string file, byte[] bytes) =>
        MakeEntry(PathOf(file), new MemoryStream(bytes, writable: false), (ulong)bytes.Length);

    private SourceEntry MakeEntry(string path, Stream content, ulong bytes = 0) => new()
    {
        Path = new EntryPath(path),
        Attributes = new EntryAttributes { Type = EntryType.File, ModifiedAt = startedAt, SizeBytes = bytes },
        Style = ContentStyle.Dump,
        OpenContent = _ => ValueTask.FromResult<Stream>(new KeptStream(content)),
    };

    private string PathOf(string file) => $"{DumpNames.Escape(database!)}/{file}";

    private async ValueTask<SqlKind> AdvanceAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await scanner.MoveNextAsync(cancellationToken);
        }
        catch (SourceException error)
        {
            throw await run.FindCauseAsync(error, cancellationToken);
        }
    }

    private static SourceException NotComplete() =>
        new(SourceError.ToolFailed, "The dump program ended well, but did not say that what it wrote is complete.");

    private static SourceException NotUnderstood() => new(SourceError.ToolFailed, "The dump has a form that is not known.");
}
