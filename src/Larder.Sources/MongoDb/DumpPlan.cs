using Larder.Sources.Native;

namespace Larder.Sources.MongoDb;

/// <summary>What one session hands over, in order.</summary>
internal sealed record DumpPlan(MongoMoment Moment, IReadOnlyList<DumpItem> Items, IReadOnlyList<SourceWarning> NotCaptured)
{
    public MongoCatalog Catalog => Moment.Catalog;

    public static async Task<DumpPlan> MakeAsync(
        MongoConnection connection, MongoMoment moment, MongoDbSettings settings, CancellationToken cancellationToken)
    {
        var notCaptured = new List<SourceWarning>(moment.Catalog.NotCaptured);
        var items = new List<DumpItem>();
        var mayReadAccounts = await MayReadAccountsAsync(connection, cancellationToken);
        foreach (var database in moment.Catalog.Databases)
        {
            foreach (var collection in moment.Catalog.Collections.Where(item => item.Database == database))
            {
                if (database == "admin" && !mayReadAccounts && DumpNames.Accounts.Contains(collection.Name))
                {
                    notCaptured.Add(new SourceWarning(
                        collection.FullName, "It is not in this backup, because the account may not read it."));
                    continue;
                }
                items.Add(DumpItem.Of(collection, moment, settings.Timeout));
                if (moment.Kind == MomentKind.Snapshot && collection.IsCapped)
                {
                    notCaptured.Add(new SourceWarning(
                        collection.FullName,
                        "The server cannot read a capped collection as of a moment: it holds what stood there when its turn came, a little "
                        + "later than the rest."));
                }
            }
            var withAccounts = !moment.Catalog.IsWhole && database != "admin";
            if (withAccounts && mayReadAccounts)
            {
                items.AddRange(DumpNames.Accounts.Select(name => DumpItem.OfAccounts(database, name, moment)));
            }
            else if (withAccounts)
            {
                notCaptured.Add(new SourceWarning(
                    database,
                    $"Users and roles of {database} are not in this backup, because the account may not read admin.system.users."));
            }
        }
        return new DumpPlan(moment, items, notCaptured);
    }

    private static async Task<bool> MayReadAccountsAsync(MongoConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var name in DumpNames.Accounts)
            {
                await connection.FindOneAsync("admin", name, last: false, cancellationToken);
            }
            return true;
        }
        catch (MongoException error) when (MongoErrors.IsNotAllowed(error))
        {
            return false;
        }
    }
}
