using System.Runtime.CompilerServices;
using System.Text.Json;
using Larder.Sources.Native;

namespace Larder.Sources.MongoDb;

/// <summary>One dump: collections one after another, the next ones read ahead, and the oplog at last where it is needed.</summary>
internal sealed class MongoDbSession(
    MongoPool pool, IReadOnlyList<MongoConnection> connections, SourceDescription description, DumpPlan plan, TimeProvider clock)
    : ISourceSession
{
    private readonly ItemReading?[] readings = new ItemReading?[plan.Items.Count];
    private readonly List<EntryFacts> facts = [];
    private readonly DateTimeOffset startedAt = clock.GetUtcNow();
    private CursorReader? oplog;
    private bool handedOver;
    private bool disposed;

    public SourceDescription Description { get; } = description;

    public async IAsyncEnumerable<SourceEntry> ReadEntriesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        for (var ahead = 0; ahead < connections.Count; ahead++)
        {
            Begin(ahead);
        }
        var at = 0;
        foreach (var database in plan.Catalog.Databases)
        {
            if (plan.Catalog.IsWhole && (at == plan.Items.Count || plan.Items[at].Folder != database))
            {
                continue; // Nothing of it is dumped.
            }
            yield return Folder(database);
            for (; at < plan.Items.Count && plan.Items[at].Folder == database; at++)
            {
                await using var reading = readings[at]!;
                if (plan.Items[at].MetadataFile is { } metadataFile)
                {
                    yield return File(metadataFile, await reading.GetMetadataAsync(cancellationToken));
                }
                var began = clock.GetTimestamp();
                if (plan.Items[at].DataFile is { } dataFile)
                {
                    reading.Reader!.GoOn();
                    yield return File(dataFile, reading.Reader);
                }
                Note(reading, clock.GetElapsedTime(began));
                await reading.DisposeAsync();
                Begin(at + connections.Count);
            }
            if (!plan.Catalog.IsWhole)
            {
                yield return File($"{database}/{DumpNames.Prelude}", Prelude());
            }
        }
        if (plan.Catalog.IsWhole)
        {
            yield return File(DumpNames.Prelude, Prelude());
        }
        if (plan.Moment.Kind == MomentKind.Oplog)
        {
            oplog = await OpenOplogAsync(cancellationToken);
            yield return File(DumpNames.Oplog, oplog);
        }
        handedOver = true;
    }

    public async Task<SourceOutcome> CompleteAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!handedOver || facts.Count < plan.Items.Count || oplog is { IsAtEnd: false })
        {
            throw new InvalidOperationException("The entries were not read to their end.");
        }
        if (oplog is not null)
        {
            await CheckOplogAsync(cancellationToken); // Once more: it may have been overwritten while it was read.
            facts.Add(new EntryFacts
            {
                Name = "oplog",
                Kind = "oplog",
                File = DumpNames.Oplog,
                Rows = oplog.Fingerprint.Rows,
                Bytes = oplog.Bytes,
                Fingerprint = oplog.Fingerprint,
            });
        }
        return new SourceOutcome { Entries = facts, NotCaptured = plan.NotCaptured };
    }

    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }
        disposed = true;
        foreach (var reading in readings.OfType<ItemReading>())
        {
            await reading.DisposeAsync();
        }
        if (oplog is not null)
        {
            await oplog.DisposeAsync();
        }
        foreach (var connection in connections)
        {
            await connection.DisposeAsync();
        }
        pool.Dispose();
    }

    private void Begin(int at)
    {
        if (at < plan.Items.Count)
        {
            readings[at] = new ItemReading(plan.Items[at], connections[at % connections.Count]);
        }
    }

    private void Note(ItemReading reading, TimeSpan duration)
    {
        var item = reading.Item;
        if (reading.Reader is null)
        {
            facts.Add(new EntryFacts { Name = item.Name, Kind = item.Kind, File = item.MetadataFile!, Duration = duration });
        }
        else if (reading.Reader.IsAtEnd)
        {
            facts.Add(new EntryFacts
            {
                Name = item.Name,
                Kind = item.Kind,
                File = item.DataFile!,
                Rows = reading.Reader.Fingerprint.Rows,
                Bytes = reading.Reader.Bytes,
                Fingerprint = reading.Reader.Fingerprint,
                Duration = duration,
            });
        }
    }

    private async Task<CursorReader> OpenOplogAsync(CancellationToken cancellationToken)
    {
        var start = plan.Moment.Timestamp;
        var end = await CheckOplogAsync(cancellationToken);
        var dumped = plan.Items.Select(item => item.Query?.FullName).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var picker = new OplogPicker(new OplogScope(plan.Catalog, dumped).Contains);
        return new CursorReader(connections[0], new CursorQuery
        {
            Database = Oplog.Database,
            Collection = Oplog.Collection,
            Filter = Oplog.Between(start, end),
            Pick = picker.Pick,
        });
    }

    /// <returns>The time of the newest entry.</returns>
    private async Task<ulong> CheckOplogAsync(CancellationToken cancellationToken)
    {
        try
        {
            var newest = await Oplog.ReadNewestAsync(connections[0], cancellationToken) ?? plan.Moment.Timestamp;
            await Oplog.CheckReachesBackAsync(connections[0], plan.Moment.Timestamp, cancellationToken);
            return newest;
        }
        catch (MongoException error)
        {
            throw MongoErrors.Describe(error, "The oplog cannot be read", connections[0].Host);
        }
    }

    private byte[] Prelude() => JsonSerializer.SerializeToUtf8Bytes(
        new Dictionary<string, string?> { ["ServerVersion"] = Description.EngineVersion, ["ToolVersion"] = Description.ToolVersion });

    private SourceEntry Folder(string name) => new()
    {
        Path = new EntryPath(name),
        Attributes = Attributes(EntryType.Directory) with { Permissions = 0x1C0 }, // 0700
    };

    private SourceEntry File(string path, byte[] content) => new()
    {
        Path = new EntryPath(path),
        Attributes = Attributes(EntryType.File) with { SizeBytes = (ulong)content.Length },
        Style = ContentStyle.Dump,
        OpenContent = _ => ValueTask.FromResult<Stream>(new MemoryStream(content, writable: false)),
    };

    private SourceEntry File(string path, CursorReader reader) => new()
    {
        Path = new EntryPath(path),
        Attributes = Attributes(EntryType.File),
        Style = ContentStyle.Dump,
        OpenContent = _ => ValueTask.FromResult<Stream>(new CursorStream(reader)),
    };

    private EntryAttributes Attributes(EntryType type) => new()
    {
        Type = type,
        ModifiedAt = new EntryTime(startedAt.ToUnixTimeSeconds(), (int)(startedAt.Ticks % TimeSpan.TicksPerSecond) * 100),
    };
}
