using Larder.Sources.Dumps;

namespace Larder.Sources.MongoDb;

/// <summary>
/// Reads dumps in mongodump's layout without a server: every document is parsed to its last value, counted and fingerprinted. Kept in
/// memory are 1 MiB, or the largest document, and the metadata.
/// </summary>
public sealed class MongoDbCheck : IDumpCheck
{
    public async Task<IReadOnlyList<EntryFacts>> ReadFactsAsync(
        IStoredDump dump, Action<long> advance, CancellationToken cancellationToken)
    {
        var facts = new List<EntryFacts>();
        foreach (var item in await DumpFiles.ReadAsync(dump, advance, cancellationToken))
        {
            if (item is { Kind: "collection", MetadataFile: null })
            {
                // Our dumps always have it, and a restore without it would make a collection without its indexes.
                throw new SourceException(
                    SourceError.Damaged, $"The dump has {item.DataFile!.Path}, but not the metadata that belongs beside it.");
            }
            facts.Add(item.DataFile is null
                ? new EntryFacts { Name = item.Name, Kind = item.Kind, File = item.MetadataFile!.Path.ToString() }
                : await Task.Run(() => ReadDocumentsAsync(dump, item, item.DataFile, advance, cancellationToken), cancellationToken));
        }
        return facts;
    }

    private static async Task<EntryFacts> ReadDocumentsAsync(
        IStoredDump dump, DumpedCollection item, StoredFile file, Action<long> advance, CancellationToken cancellationToken)
    {
        var path = file.Path.ToString();
        var fingerprint = new FingerprintBuilder();
        await using var stream = await dump.OpenAsync(file.Path, cancellationToken);
        using var documents = new BsonStreamReader(stream);
        try
        {
            while (await documents.ReadAsync(cancellationToken))
            {
                Bson.Validate(documents.Current.Span);
                fingerprint.Add(documents.Current.Span);
                advance(documents.Current.Length);
            }
        }
        catch (BsonException error)
        {
            var number = fingerprint.ToFingerprint().Rows + 1;
            throw new SourceException(SourceError.Damaged, $"{path} is damaged at its document {number}. {error.Message}", error);
        }
        var result = fingerprint.ToFingerprint();
        return new EntryFacts
        {
            Name = item.Name,
            Kind = item.Kind,
            File = path,
            Rows = result.Rows,
            Bytes = documents.Position,
            Fingerprint = result,
        };
    }
}
