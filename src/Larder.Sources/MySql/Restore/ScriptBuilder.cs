namespace Larder.Sources.MySql.Restore;

/// <summary>Gathers in memory the script that makes one part of what no rename can move.</summary>
internal sealed class ScriptBuilder : IDisposable
{
    // Triggers, routines, events and views of a database. Twice that, old ones and new ones, are held at once.
    private const int BytesMax = 64 * 1024 * 1024;

    private readonly string database;
    private readonly MemoryStream text = new();
    private readonly SqlWriter writer;
    private readonly AfterChoice choice;
    private bool isEmpty = true;

    /// <param name="database">Whose, for messages.</param>
    /// <param name="part">What is taken of a script that holds both.</param>
    public ScriptBuilder(string database, AfterPart part)
    {
        this.database = database;
        writer = new SqlWriter(text);
        choice = new AfterChoice(part);
    }

    /// <summary>Adds a statement of a script where it belongs to this part.</summary>
    public void Add(ReadOnlySpan<byte> statement, AfterStatement made, ReadOnlySpan<byte> delimiter)
    {
        if (choice.Take(statement, made, delimiter) is { } taken)
        {
            Write(taken, delimiter);
            isEmpty &= made.Kind.Length == 0;
        }
    }

    /// <summary>Empty where nothing is made by it.</summary>
    public byte[] Complete()
    {
        if (isEmpty)
        {
            return [];
        }
        writer.Complete();
        return text.ToArray();
    }

    public void Dispose() => text.Dispose();

    private void Write(ReadOnlySpan<byte> statement, ReadOnlySpan<byte> delimiter)
    {
        writer.Write(statement, delimiter);
        if (text.Length > BytesMax)
        {
            throw new SourceException(
                SourceError.TargetExists,
                $"The triggers, routines, events and views of {database} are too large to be kept for the way back; drop the database "
                + "first.");
        }
    }
}
