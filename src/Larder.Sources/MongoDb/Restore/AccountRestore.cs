using Larder.Sources.Dumps;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>
/// Users and roles, with their passwords, which are hashed in the dump. They go into two temporary collections first, and from there the
/// server takes them over by <c>_mergeAuthzCollections</c>, the command that mongorestore uses: <c>admin.system.users</c> itself is not to
/// be written to.
/// </summary>
internal sealed class AccountRestore(
    IStoredDump dump, RestoreConnection connection, RestoreWork work, bool mayReplace)
{
    private const string Admin = "admin";

    private readonly string usersName = work.Names.Users;
    private readonly string rolesName = work.Names.Roles;

    /// <summary>Writes them beside. Nothing is changed for anybody yet.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(work.Users, usersName, "system.users", cancellationToken);
        await LoadAsync(work.Roles, rolesName, "system.roles", cancellationToken);
    }

    /// <summary>The server takes them over. Not to be cancelled.</summary>
    public Task MergeAsync() => connection.RunAsync(
        Admin,
        writer =>
        {
            writer.Int32("_mergeAuthzCollections", 1);
            writer.String("tempUsersCollection", $"{Admin}.{usersName}");
            writer.String("tempRolesCollection", $"{Admin}.{rolesName}");
            writer.String("db", "");
            // Only so does it replace accounts of the same name. It also drops those that are not beside, so all that stand are.
            writer.Boolean("drop", mayReplace);
            writer.StartDocument("writeConcern");
            writer.String("w", "majority");
            writer.End();
        },
        "could not take over the users and roles",
        CancellationToken.None);

    public async Task CleanAsync(RestoreConnection own, CancellationToken cancellationToken)
    {
        await own.DropAsync(new FullName(Admin, usersName), cancellationToken);
        await own.DropAsync(new FullName(Admin, rolesName), cancellationToken);
    }

    private async Task LoadAsync(
        IReadOnlyList<StoredDocuments> files, string temporaryName, string standingName, CancellationToken cancellationToken)
    {
        await connection.RunAsync(
            Admin,
            writer => writer.String("create", temporaryName),
            "could not create a temporary collection of accounts",
            cancellationToken);
        var batch = new InsertBatch(temporaryName, InsertManner.Loading);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in files)
        {
            await using var stream = await dump.OpenAsync(file.Path, cancellationToken);
            var reader = new DocumentReader(stream, file.Path);
            while (await reader.ReadAsync(cancellationToken) is { Length: > 0 } account)
            {
                var database = Bson.FindString(account.Span, "db") ?? "";
                if (work.AccountDatabases?.Contains(database) != false && taken.Add(IdOf(account.Span)))
                {
                    await AddAsync(batch, account, cancellationToken);
                }
            }
        }
        if (mayReplace)
        {
            var standing = await connection.ListAsync(
                Admin, writer => writer.String("find", standingName), $"could not read {Admin}.{standingName}", cancellationToken);
            foreach (var account in standing.Where(account => taken.Add(IdOf(account))))
            {
                await AddAsync(batch, account, cancellationToken);
            }
        }
        await SendAsync(batch, cancellationToken);
    }

    private static string IdOf(ReadOnlySpan<byte> account) => Bson.FindString(account, "_id") ?? "";

    private async Task AddAsync(InsertBatch batch, ReadOnlyMemory<byte> account, CancellationToken cancellationToken)
    {
        if (!batch.TryAdd(account.Span))
        {
            await SendAsync(batch, cancellationToken);
            batch.TryAdd(account.Span);
        }
    }

    private async Task SendAsync(InsertBatch batch, CancellationToken cancellationToken)
    {
        if (batch.Documents == 0)
        {
            return;
        }
        var reply = await connection.RunAsync(Admin, batch.ToCommand(), "could not take the users and roles", cancellationToken);
        if (Bson.Find(reply, "writeErrors") is { IsPresent: true } errors)
        {
            // Its words hold the document, and the document holds hashes of passwords.
            var code = Bson.Find(Bson.CopyDocuments(errors.Value)[0], "code").AsInt64();
            throw new SourceException(SourceError.TargetFailed, $"The server refused a user or role of the dump, with its error {code}.");
        }
        batch.Clear();
    }
}
