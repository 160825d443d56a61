using Larder.Engine.Backups;
using Larder.Sources;
using Larder.Sources.Dumps;
using Larder.Sources.MongoDb;
using Larder.Sources.MySql;
using Larder.Sources.PostgreSql;
using Larder.Sources.Sqlite;
using Larder.Testing;

namespace Larder.Engine.Tests.Verify.Planted;

/// <summary>One source of a planted backup: its files, and what the manifest says of it.</summary>
internal sealed record SampleSource
{
    public required string Name { get; init; }

    public required string Engine { get; init; }

    /// <summary>By their path inside the source.</summary>
    public required IReadOnlyDictionary<string, byte[]> Files { get; init; }

    public required IReadOnlyList<ManifestEntry> Entries { get; init; }

    /// <summary>What the manifest takes files, bytes and tree from; null for what is really stored.</summary>
    public SampleSource? RecordedLike { get; init; }

    /// <summary>Files whose folder lists another length than they have.</summary>
    public IReadOnlyDictionary<string, long> ListedBytes { get; init; } = new Dictionary<string, long>();

    public SampleSource With(string path, byte[]? content)
    {
        var files = new Dictionary<string, byte[]>(Files);
        if (content is null)
        {
            files.Remove(path);
        }
        else
        {
            files[path] = content;
        }
        return this with { Files = files };
    }

    public SampleSource Change(string path, Func<byte[], byte[]> change) => With(path, change([.. Files[path]]));

    /// <summary>Whoever wrote it recorded what the files had been, length by length, before something happened to them.</summary>
    public SampleSource Recording(SampleSource before) => this with { RecordedLike = before };

    public SampleSource WithEntries(Func<IReadOnlyList<ManifestEntry>, IEnumerable<ManifestEntry>> change) =>
        this with { Entries = [.. change(Entries)] };

    /// <summary>The entries as the source's own reader sees them now: what a sound backup records.</summary>
    public async Task<SampleSource> MeasuredAsync()
    {
        var facts = Engine switch
        {
            "sqlite" => await InspectAsync(),
            "postgresql" => await new PostgreSqlCheck().ReadFactsAsync(new FilesDump(Files), _ => { }, CancellationToken.None),
            "mongodb" => await new MongoDbCheck().ReadFactsAsync(new FilesDump(Files), _ => { }, CancellationToken.None),
            "mysql" => await new MySqlCheck().ReadFactsAsync(new FilesDump(Files), _ => { }, CancellationToken.None),
            _ => [],
        };
        return this with
        {
            Entries =
            [
                .. facts.Select(fact => new ManifestEntry
                {
                    Name = fact.Name,
                    Kind = fact.Kind,
                    File = fact.File,
                    Rows = fact.Rows,
                    Bytes = fact.Bytes,
                    Fingerprint = fact.Fingerprint?.ToString(),
                }),
            ],
        };
    }

    private async Task<IReadOnlyList<EntryFacts>> InspectAsync()
    {
        await using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder["database"], Files["journal.db"]);
        return await SqliteCheck.InspectAsync(folder["database"], "journal.db", CancellationToken.None);
    }

    private sealed class FilesDump(IReadOnlyDictionary<string, byte[]> files) : IStoredDump
    {
        public IReadOnlyList<StoredFile> Files { get; } =
            [.. files.Select(file => new StoredFile(new EntryPath(file.Key), file.Value.Length))];

        public ValueTask<Stream> OpenAsync(EntryPath path, CancellationToken cancellationToken) =>
            ValueTask.FromResult<Stream>(new MemoryStream(files[path.ToString()]));
    }
}
