using System.Runtime.CompilerServices;
using System.Text.Json;
using Larder.Sources.Native;

namespace Larder.Sources.MongoDb;

/// <summary>
/// One dump: several collections at once, the next one read ahead, and the oplog at last where it is needed. A server answers one cursor
/// with one thread, which takes as long over a batch as we do; with two it works while we do.
/// </summary>
internal sealed class MongoDbSession(
    MongoDeployment deployment,
    IReadOnlyList<MongoConnection> connections,
    SourceDescription description,
    DumpPlan plan,
    TimeProvider clock)
    : ISourceSession
{
    private readonly Lock gate = new(); // Collections end side by side.
    private readonly ItemReading?[] readings = new ItemReading?[plan.Items.Count];
    private readonly EntryFacts?[] facts = new EntryFacts?[plan.Items.Count];
    private readonly TaskCompletionSource collectionsRead = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int begun;
    private int ended;
    private readonly DateTimeOffset startedAt = clock.GetUtcNow();
    private CursorReader? oplog;
    private bool handedOver;
    private bool disposed;

    public SourceDescription Description { get; } = description;

    public int ContentsAtOnce => MongoDbSource.CollectionsAtOnce;

    public async IAsyncEnumerable<SourceEntry> ReadEntriesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var connection in connections)
        {
            BeginNext(connection);
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
                var reading = ReadingOf(at);
                if (reading.Item.MetadataFile is { } metadataFile)
                {
                    yield return File(metadataFile, await reading.GetMetadataAsync(cancellationToken));
                }
                if (reading.Reader is { } reader)
                {
                    reader.GoOn();
                    yield return File(reading.Item.DataFile!, _ => ValueTask.FromResult<Stream>(Open(reading, reader)));
                }
                else
                {
                    await EndAsync(reading);
                }
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
            yield return File(DumpNames.Oplog, OpenOplogAsync);
        }
        handedOver = true;
    }

    public async Task<SourceOutcome> CompleteAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!handedOver || facts.Contains(null) || oplog is { IsAtEnd: false })
        {
            throw new InvalidOperationException("The entries were not read to their end.");
        }
        List<EntryFacts> entries = [.. facts.OfType<EntryFacts>()];
        if (oplog is not null)
        {
            await CheckOplogAsync(cancellationToken); // Once more: it may have been overwritten while it was read.
            entries.Add(new EntryFacts
            {
                Name = "oplog",
                Kind = "oplog",
                File = DumpNames.Oplog,
                Rows = oplog.Fingerprint.Rows,
                Bytes = oplog.Bytes,
                Fingerprint = oplog.Fingerprint,
            });
        }
        return new SourceOutcome { Entries = entries, NotCaptured = plan.NotCaptured };
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
        deployment.Dispose();
    }

    // In order, so that what is asked for has always been begun: there are more connections than contents at once.
    private void BeginNext(MongoConnection connection)
    {
        lock (gate)
        {
            if (begun < plan.Items.Count && !disposed)
            {
                readings[begun] = new ItemReading(plan.Items[begun], begun, connection);
                begun++;
            }
        }
    }

    private ItemReading ReadingOf(int at)
    {
        lock (gate)
        {
            return readings[at]
                ?? throw new InvalidOperationException(
                    $"More than {ContentsAtOnce} contents are open, or some were not read to their end.");
        }
    }

    private CursorStream Open(ItemReading reading, CursorReader reader)
    {
        var began = clock.GetTimestamp();
        return new CursorStream(reader, async () =>
        {
            reading.Duration = clock.GetElapsedTime(began);
            await EndAsync(reading);
        });
    }

    // Its connection serves the next item that nobody reads yet.
    private async ValueTask EndAsync(ItemReading reading)
    {
        await reading.DisposeAsync();
        if (reading.Reader is { IsAtEnd: false })
        {
            return; // Given up: so is the dump.
        }
        facts[reading.Place] = Describe(reading);
        BeginNext(reading.Connection);
        if (Interlocked.Increment(ref ended) == plan.Items.Count)
        {
            collectionsRead.SetResult();
        }
    }

    private static EntryFacts Describe(ItemReading reading)
    {
        var item = reading.Item;
        return reading.Reader is null
            ? new EntryFacts { Name = item.Name, Kind = item.Kind, File = item.MetadataFile!, Duration = TimeSpan.Zero }
            : new EntryFacts
            {
                Name = item.Name,
                Kind = item.Kind,
                File = item.DataFile!,
                Rows = reading.Reader.Fingerprint.Rows,
                Bytes = reading.Reader.Bytes,
                Fingerprint = reading.Reader.Fingerprint,
                Duration = reading.Duration,
            };
    }

    // What was written until the last collection had been read belongs to the dump.
    private async ValueTask<Stream> OpenOplogAsync(CancellationToken cancellationToken)
    {
        if (plan.Items.Count > 0)
        {
            await collectionsRead.Task.WaitAsync(cancellationToken);
        }
        var start = plan.Moment.Timestamp;
        var end = await CheckOplogAsync(cancellationToken);
        var dumped = plan.Items.Select(item => item.Query?.FullName).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var picker = new OplogPicker(new OplogScope(plan.Catalog, dumped).Contains);
        oplog = new CursorReader(connections[0], new CursorQuery
        {
            Database = Oplog.Database,
            Collection = Oplog.Collection,
            Filter = Oplog.Between(start, end),
            Pick = picker.Pick,
        });
        return new CursorStream(oplog, () => ValueTask.CompletedTask);
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

    private SourceEntry File(string path, Func<CancellationToken, ValueTask<Stream>> open) => new()
    {
        Path = new EntryPath(path),
        Attributes = Attributes(EntryType.File),
        Style = ContentStyle.Dump,
        OpenContent = open,
    };

    private EntryAttributes Attributes(EntryType type) => new()
    {
        Type = type,
        ModifiedAt = new EntryTime(startedAt.ToUnixTimeSeconds(), (int)(startedAt.Ticks % TimeSpan.TicksPerSecond) * 100),
    };
}
