namespace Larder.Sources.MySql;

/// <summary>What <see cref="EntryFacts.Kind"/> says of the files of a dump.</summary>
internal static class MySqlKinds
{
    /// <summary>The rows of one table.</summary>
    public const string Table = "table";

    /// <summary>Tables and sequences of one database, without rows.</summary>
    public const string Definitions = "definitions";

    /// <summary>Triggers, routines, events and views of one database.</summary>
    public const string After = "definitions after the rows";

    public const string Users = "users";
}
