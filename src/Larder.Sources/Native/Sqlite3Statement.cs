using System.Text;

namespace Larder.Sources.Native;

/// <summary>A prepared statement and, after <see cref="Step"/>, its current row.</summary>
internal sealed class Sqlite3Statement(Sqlite3Connection connection, Sqlite3.StatementHandle handle) : IDisposable
{
    private readonly nint pointer = handle.DangerousGetHandle(); // Valid until Dispose, which is this class's alone.

    public int ColumnCount => Sqlite3.ColumnCount(pointer);

    /// <summary>Goes to the next row; false at the end.</summary>
    public bool Step()
    {
        if (handle.IsInvalid)
        {
            return false; // An empty statement, such as a comment.
        }
        return Sqlite3.Step(pointer) switch
        {
            Sqlite3.Row => true,
            Sqlite3.Done => false,
            _ => throw connection.DescribeLastError(),
        };
    }

    /// <summary>One of the <c>Type…</c> constants. Ask before the value: reading may convert it.</summary>
    public int GetValueType(int column) => Sqlite3.ColumnType(pointer, column);

    public long GetInt64(int column) => Sqlite3.ColumnInt64(pointer, column);

    public double GetDouble(int column) => Sqlite3.ColumnDouble(pointer, column);

    public string? GetText(int column) =>
        GetValueType(column) == Sqlite3.TypeNull ? null : Encoding.UTF8.GetString(GetTextBytes(column));

    /// <summary>Text as UTF-8, whatever the database's encoding. SQLite owns the bytes; they are good until the next step.</summary>
    public unsafe ReadOnlySpan<byte> GetTextBytes(int column)
    {
        var start = (void*)Sqlite3.ColumnText(pointer, column);
        return new ReadOnlySpan<byte>(start, Sqlite3.ColumnBytes(pointer, column));
    }

    /// <summary>SQLite owns the bytes; they are good until the next step.</summary>
    public unsafe ReadOnlySpan<byte> GetBlob(int column)
    {
        var start = (void*)Sqlite3.ColumnBlob(pointer, column);
        return new ReadOnlySpan<byte>(start, Sqlite3.ColumnBytes(pointer, column));
    }

    public void Dispose() => handle.Dispose();
}
