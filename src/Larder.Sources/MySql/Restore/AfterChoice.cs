namespace Larder.Sources.MySql.Restore;

/// <summary>The parts in which <c>4-after.sql</c> is run where several databases come back together.</summary>
internal enum AfterPart
{
    /// <summary>Triggers, routines and events, which may name what is not there yet, and a placeholder for each view.</summary>
    BeforeViews,

    /// <summary>Views, which may look into any database and call any routine of the dump.</summary>
    Views,
}

/// <summary>Takes the statements of one part from a file that holds both, in their order.</summary>
internal sealed class AfterChoice(AfterPart part)
{
    private readonly List<byte[]> drops = [];

    /// <summary>What is to be run for a statement; null for nothing.</summary>
    /// <param name="delimiter">What ends the statement where it stands.</param>
    public byte[]? Take(ReadOnlySpan<byte> statement, AfterStatement made, ReadOnlySpan<byte> delimiter)
    {
        if (made.IsDrop)
        {
            drops.Add(statement.ToArray()); // It belongs to what is made next.
            return null;
        }
        if (made.Kind.Length == 0)
        {
            return statement.ToArray();
        }
        var isView = made.Kind == "VIEW" && !made.IsPlaceholder;
        byte[]? taken = isView == (part == AfterPart.Views) ? WithDrops(statement, delimiter) : null;
        drops.Clear();
        return taken;
    }

    private byte[] WithDrops(ReadOnlySpan<byte> statement, ReadOnlySpan<byte> delimiter)
    {
        using var text = new MemoryStream();
        foreach (var drop in drops)
        {
            text.Write(drop);
            text.Write(delimiter);
            text.Write("\n"u8);
        }
        text.Write(statement);
        return text.ToArray();
    }
}
