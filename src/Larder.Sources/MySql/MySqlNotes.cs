namespace Larder.Sources.MySql;

/// <summary>What a dump cannot hold or may have missed, in words.</summary>
internal static class MySqlNotes
{
    public static IEnumerable<MySqlObject> FindOutsideOfTransactions(this MySqlCatalog catalog) =>
        catalog.Objects.Where(item =>
            item.IsTable && item.StorageEngine.Length > 0 && !catalog.TransactionalEngines.Contains(item.StorageEngine));

    /// <summary>What was there at the beginning and did not come, and what the account may not see.</summary>
    public static IEnumerable<SourceWarning> FindWarnings(MySqlCatalog catalog, HashSet<string> dumped)
    {
        foreach (var item in catalog.Objects.Where(item => item.IsTable && !dumped.Contains(item.FullName)))
        {
            yield return new SourceWarning(
                PathOf(item), $"The table {item.FullName} was there when the dump began and gone or hidden when its turn came.");
        }
        foreach (var view in catalog.Objects.Where(item => item.IsBroken))
        {
            yield return new SourceWarning(
                PathOf(view),
                $"The view {view.FullName} is not held: it looks at something that is not there, or that its definer may not see. Drop it "
                + "or put right what it needs.");
        }
        foreach (var database in catalog.Databases)
        {
            foreach (var (right, what) in catalog.Rights.FindMissing(database))
            {
                yield return new SourceWarning(
                    DumpNames.Escape(database),
                    $"The account lacks {right} on {database}, and the server leaves out {what} that an account may not see without "
                    + "saying so.");
            }
        }
    }

    public static IEnumerable<SourceWarning> FindNotCaptured(MySqlCatalog catalog, MySqlSettings settings, bool readsUsers)
    {
        foreach (var item in catalog.FindOutsideOfTransactions())
        {
            yield return new SourceWarning(
                PathOf(item),
                $"The table {item.FullName} is of the engine {item.StorageEngine}, which has no transactions: its rows are not of the same "
                + "moment as the others.");
        }
        foreach (var item in catalog.Excluded)
        {
            yield return new SourceWarning(PathOf(item), $"{item.FullName} is excluded by the configuration.");
        }
        foreach (var kept in catalog.Kept)
        {
            yield return new SourceWarning(DumpNames.Escape(kept), $"The database {kept} is what a restore keeps to be undone.");
        }
        if (settings.Users && !readsUsers)
        {
            yield return new SourceWarning(
                DumpNames.Users,
                catalog.Rights.Has("SELECT", "mysql")
                    ? "Accounts and their rights are not held, because the dump program that is installed cannot write them."
                    : "Accounts and their rights are not held, because the account may not read them: it lacks SELECT on the "
                        + "database mysql.");
        }
    }

    private static string PathOf(MySqlObject item) => $"{DumpNames.Escape(item.Database)}/{DumpNames.Rows(item.Name)}";
}
