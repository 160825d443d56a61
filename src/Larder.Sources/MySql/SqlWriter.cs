namespace Larder.Sources.MySql;

/// <summary>Writes statements so that the client reads the same statements: each with the delimiter that it had.</summary>
internal sealed class SqlWriter(Stream target)
{
    private byte[] delimiter = ";"u8.ToArray();

    /// <summary>The statement that a scanner stands at.</summary>
    public void Write(SqlScanner scanner) => Write(scanner.Text.Span, scanner.Delimiter);

    public void Write(ReadOnlySpan<byte> statement, ReadOnlySpan<byte> wanted)
    {
        if (!wanted.SequenceEqual(delimiter))
        {
            delimiter = wanted.ToArray();
            target.Write("DELIMITER "u8);
            target.Write(delimiter);
            target.Write("\n"u8);
        }
        target.Write(statement);
        target.Write(delimiter);
        target.Write("\n"u8);
    }

    /// <summary>Ends a script with the delimiter that everybody expects.</summary>
    public void Complete()
    {
        if (delimiter is not [(byte)';'])
        {
            target.Write("DELIMITER ;\n"u8);
            delimiter = ";"u8.ToArray();
        }
    }
}
