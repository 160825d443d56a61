using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Larder.Sources.Native;

namespace Larder.Sources.Sqlite;

/// <summary>
/// Stands in for collations that only the application has. SQLite refuses to read a WITHOUT ROWID table whose key uses an unknown one, even
/// from end to end, where no order is asked for.
/// </summary>
internal static class UnknownCollations
{
    public static unsafe void StandIn(Sqlite3Connection connection)
    {
        _ = Sqlite3.CollationNeeded(connection.Handle, 0, &Provide);
        // An index that was once met without its collation stays marked as unusable until the schema is read anew.
        connection.Execute("PRAGMA writable_schema=RESET");
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static unsafe void Provide(nint context, nint connection, int encoding, nint name)
    {
        const int utf8 = 1;
        _ = Sqlite3.CreateCollation(connection, name, utf8, 0, &Compare); // When it fails, the statement does, with SQLite's own words.
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static unsafe int Compare(nint context, int leftBytes, nint left, int rightBytes, nint right) =>
        new ReadOnlySpan<byte>((void*)left, leftBytes).SequenceCompareTo(new ReadOnlySpan<byte>((void*)right, rightBytes));
}
