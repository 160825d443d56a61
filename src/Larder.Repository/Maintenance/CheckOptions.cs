namespace Larder.Repository.Maintenance;

/// <summary>How much a check looks at.</summary>
public sealed record CheckOptions
{
    /// <summary>Whether every pack is read, decrypted and hashed; otherwise names, lengths, listings and references are checked.</summary>
    public bool ReadsData { get; init; }

    /// <summary>Which share of the packs is read.</summary>
    public CheckSubset Subset { get; init; } = CheckSubset.Whole;

    /// <summary>Only what these snapshots need; null for the whole repository.</summary>
    public IReadOnlyCollection<SnapshotId>? Snapshots { get; init; }

    /// <summary>Called with the bytes of each pack that was read.</summary>
    public Action<long> OnBytesRead { get; init; } = _ => { };

    /// <summary>Called once with the bytes of packs that will be read.</summary>
    public Action<long> OnBytesExpected { get; init; } = _ => { };
}

/// <summary>
/// A share of the packs such as 1/7: the pack's id decides which share it is in, so that seven shares cover all, whatever is added between.
/// </summary>
public readonly record struct CheckSubset(int Part, int Of)
{
    public static CheckSubset Whole => new(1, 1);

    public bool Contains(PackId pack) => pack.Hash.Prefix % (ulong)Of == (ulong)(Part - 1);

    /// <summary>Reads <c>PART/OF</c>, 1 ≤ PART ≤ OF ≤ 65535.</summary>
    public static bool TryParse(string text, out CheckSubset subset)
    {
        subset = Whole;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 1
            || !ushort.TryParse(text.AsSpan(0, slash), out var part)
            || !ushort.TryParse(text.AsSpan(slash + 1), out var of)
            || part < 1
            || part > of)
        {
            return false;
        }
        subset = new CheckSubset(part, of);
        return true;
    }

    public override string ToString() => $"{Part}/{Of}";
}
