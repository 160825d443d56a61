using System.Text;
using System.Text.Json;
using Larder.Sources.Dumps;
using Larder.Sources.MongoDb;
using Larder.Sources.MongoDb.Restore;

namespace Larder.Sources.Throwaway;

/// <summary>What a drill asks of a MongoDB server.</summary>
internal sealed class MongoDbDrill(string url) : IDrillEngine
{
    public Task<string> FindVersionAsync(CancellationToken cancellationToken) => UseAsync(async connection =>
    {
        var reply = await connection.RunAsync("admin", writer => writer.Int32("buildInfo", 1), "cannot be looked at", cancellationToken);
        return Bson.FindString(reply, "version") ?? "";
    }, cancellationToken);

    public string UrlOf(string? database)
    {
        if (database is null)
        {
            return url;
        }
        var query = url.IndexOf('?', StringComparison.Ordinal);
        var place = query < 0 ? url : url[..query];
        var slash = place.IndexOf('/', place.IndexOf("://", StringComparison.Ordinal) + 3);
        return $"{(slash < 0 ? place : place[..slash])}/{Uri.EscapeDataString(database)}{(query < 0 ? "" : url[query..])}";
    }

    /// <summary>Nothing is taken for granted: collections bring all they need.</summary>
    public Task PrepareAsync(
        IStoredDump dump, ThrowawayFolder folder, ServerAccount? account, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<(IReadOnlyList<string> Databases, bool HasAccounts)> LookIntoAsync(
        IStoredDump dump, CancellationToken cancellationToken)
    {
        var layout = await DumpLayout.ReadAsync(dump, cancellationToken);
        return ([.. layout.Collections.Select(collection => collection.Database).Distinct(StringComparer.Ordinal)],
            layout.Users.Count + layout.Roles.Count > 0);
    }

    public Task<IReadOnlyList<string>> ListDatabasesAsync(CancellationToken cancellationToken) =>
        UseAsync<IReadOnlyList<string>>(async connection =>
        {
            var reply = await connection.RunAsync(
                "admin",
                writer =>
                {
                    writer.Int32("listDatabases", 1);
                    writer.Boolean("nameOnly", true);
                },
                "could not list its databases",
                cancellationToken);
            return [.. Bson.CopyDocuments(Bson.Find(reply, "databases").Value).Select(database => Bson.FindString(database, "name")!)];
        }, cancellationToken);

    public Task DropAsync(string database, CancellationToken cancellationToken) => UseAsync(
        connection => connection.RunAsync(
            database, writer => writer.Int32("dropDatabase", 1), $"could not drop {database}", cancellationToken),
        cancellationToken);

    public IReadOnlyList<string> NotReadBack { get; private set; } = [];

    /// <summary>
    /// Every document, as the server hands it out. Not of collections with writes that were replayed after the dump: what stands there is
    /// newer than the dumped documents, which the restore has counted and compared on their way.
    /// </summary>
    public async Task<IReadOnlyList<EntryFacts>> ReadBackAsync(
        IStoredDump dump, IReadOnlyList<EntryFacts> restored, Func<string, string> nameOf, CancellationToken cancellationToken)
    {
        var written = await OplogNames.ReadAsync(
            dump, (await DumpLayout.ReadAsync(dump, cancellationToken)).Oplog, cancellationToken);
        NotReadBack = [.. restored.Where(facts => written.Contains(facts.Name)).Select(facts =>
            $"{facts.Name} was written to while it was dumped, and those writes were replayed: its documents were counted and compared on "
            + "their way in, and what stands there now is newer, so it was not read back.")];
        return await UseAsync(async connection =>
        {
            var found = new List<EntryFacts>();
            foreach (var facts in restored)
            {
                if (written.Contains(facts.Name))
                {
                    found.Add(facts);
                    continue;
                }
                var rows = await ReadDocumentsAsync(connection, facts, nameOf, cancellationToken);
                found.Add(facts with { Rows = rows.Rows, Fingerprint = rows });
            }
            return found;
        }, cancellationToken);
    }

    /// <summary>
    /// The question is a command as JSON, run in the database. It is answered with yes by `ok: 1` and, where the answer has them, an `n`
    /// that is not 0 and a first batch that is not empty.
    /// </summary>
    public Task<string?> AskAsync(string database, string question, CancellationToken cancellationToken) => UseAsync(async connection =>
    {
        byte[] command;
        try
        {
            command = ExtendedJson.Parse(Encoding.UTF8.GetBytes(question));
        }
        catch (Exception error) when (error is JsonException or FormatException or BsonException)
        {
            throw new SourceException(SourceError.ToolFailed, $"The command is no JSON: {error.Message}", error);
        }
        var reply = await connection.RunAsync(database, command, "refused the command", cancellationToken);
        return Judge(reply);
    }, cancellationToken);

    private static string? Judge(byte[] reply)
    {
        if (Bson.Find(reply, "n") is { IsPresent: true } count && count.AsInt64() == 0)
        {
            return "n: 0";
        }
        return Bson.FindPath(reply, "cursor.firstBatch") is { IsPresent: true } batch && Bson.CopyDocuments(batch.Value).Count == 0
            ? "an empty first batch"
            : null;
    }

    private static async Task<Fingerprint> ReadDocumentsAsync(
        RestoreConnection connection, EntryFacts facts, Func<string, string> nameOf, CancellationToken cancellationToken)
    {
        var dot = facts.Name.IndexOf('.', StringComparison.Ordinal); // No name of a database has one.
        var (database, collection) = (nameOf(facts.Name[..dot]), facts.Name[(dot + 1)..]);
        var stored = facts.Kind == "timeseries" ? DumpNames.BucketsPrefix + collection : collection;
        var fingerprint = new FingerprintBuilder();
        await connection.ReadCursorAsync(
            database,
            writer => writer.String("find", stored),
            $"could not hand out {facts.Name}",
            document => fingerprint.Add(document),
            cancellationToken);
        return fingerprint.ToFingerprint();
    }

    private async Task<T> UseAsync<T>(Func<RestoreConnection, Task<T>> use, CancellationToken cancellationToken)
    {
        using var target = RestoreTarget.Open(url);
        await using var connection = await target.ConnectAsync(cancellationToken);
        return await use(connection);
    }
}
