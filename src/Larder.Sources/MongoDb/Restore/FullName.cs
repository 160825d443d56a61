namespace Larder.Sources.MongoDb.Restore;

/// <summary>The name of a collection with that of its database. Only the first dot parts them, for a database's name has none.</summary>
internal readonly record struct FullName(string Database, string Name)
{
    /// <summary>The functions of a database, which can be written to and not be renamed.</summary>
    public bool IsFunctions => Name == "system.js";

    /// <summary>Where the documents lie, if this is a time series.</summary>
    public FullName Buckets => this with { Name = DumpNames.BucketsPrefix + Name };

    public static FullName Parse(string text)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        return new FullName(text[..dot], text[(dot + 1)..]);
    }

    public override string ToString() => $"{Database}.{Name}";
}
