namespace Larder.Sources.Native;

/// <summary>
/// A call of SQLite failed. It does not leave this library: <c>SqliteErrors</c> gives it the database's name and a meaning.
/// </summary>
internal sealed class Sqlite3Exception(int extendedCode, string message) : Exception(message)
{
    public int ExtendedCode { get; } = extendedCode;

    /// <summary>The primary result code, such as <see cref="Sqlite3.Busy"/>.</summary>
    public int Code => ExtendedCode & 0xFF;
}
