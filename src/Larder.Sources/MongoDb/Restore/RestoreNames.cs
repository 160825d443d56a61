using System.Globalization;
using Larder.Sources.Exchanges;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>Names of what one restore makes and keeps beside the live collections, which nobody can take for their own.</summary>
/// <param name="token">Of the restore; no other one has it.</param>
internal sealed class RestoreNames(string token)
{
    private const string NewPrefix = "larder-restore-";
    private const string OldPrefix = "larder-old-";

    private int last;

    /// <summary>The collection that says that everything beside is whole.</summary>
    public string Mark => $"{NewPrefix}{token}-whole";

    public string Users => $"{NewPrefix}{token}-users";

    public string Roles => $"{NewPrefix}{token}-roles";

    /// <summary>Names for one more collection: of the restored one, and of the one that it replaces.</summary>
    public (string Beside, string Old) Next()
    {
        var number = string.Create(CultureInfo.InvariantCulture, $"{token}-{++last}");
        return (NewPrefix + number, OldPrefix + number);
    }

    /// <summary>Whether this restore has made it.</summary>
    public bool IsOwn(string name) =>
        name.StartsWith($"{NewPrefix}{token}-", StringComparison.Ordinal)
        || name.StartsWith($"{OldPrefix}{token}-", StringComparison.Ordinal);

    /// <summary>Whether any restore has made it.</summary>
    public static bool IsKept(string name)
    {
        var visible = name.StartsWith(DumpNames.BucketsPrefix, StringComparison.Ordinal) ? name[DumpNames.BucketsPrefix.Length..] : name;
        return visible.StartsWith(NewPrefix, StringComparison.Ordinal) || visible.StartsWith(OldPrefix, StringComparison.Ordinal);
    }

    /// <summary>The names of the restore that a record was written by.</summary>
    public static RestoreNames Of(ExchangeRecord record)
    {
        var beside = FullName.Parse(record.Parts[0].Beside).Name;
        return new RestoreNames(beside[NewPrefix.Length..beside.LastIndexOf('-')]);
    }
}
