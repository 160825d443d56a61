using System.Globalization;
using Larder.Sources.Dumps;
using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>Writes large objects in a transaction of ours. One that is there keeps its owner and gets the content of the dump.</summary>
internal sealed class LargeObjectWriter(NpgsqlConnection connection, IStoredDump dump, StoredDatabase database, Action<long> advance)
{
    private const int PieceBytes = 1024 * 1024;

    public async Task WriteAsync(TocEntry list, CancellationToken cancellationToken)
    {
        await using var content = await dump.OpenAsync(database.Files[list.DataFile!].Path, cancellationToken);
        using var reader = new StreamReader(content);
        await foreach (var (oid, file) in LargeObjectList.ReadAsync(reader, list.DataFile!, cancellationToken))
        {
            await WriteAsync(oid, file, cancellationToken);
        }
    }

    private async Task WriteAsync(uint oid, string file, CancellationToken cancellationToken)
    {
        var stored = database.Files.GetValueOrDefault(file) ?? throw new SourceException(
            SourceError.Damaged, $"The dump of the database {database.Folder} is not whole: the file {file} is not stored.");
        await EmptyAsync(oid, cancellationToken);
        await using var content = await dump.OpenAsync(stored.Path, cancellationToken);
        var piece = new byte[PieceBytes];
        for (var offset = 0L;
            await content.ReadAtLeastAsync(piece, piece.Length, false, cancellationToken) is var count and > 0;
            offset += count)
        {
            await using var command = new NpgsqlCommand("SELECT pg_catalog.lo_put($1::bigint::pg_catalog.oid, $2, $3)", connection)
            {
                Parameters =
                {
                    new NpgsqlParameter<long> { TypedValue = oid },
                    new NpgsqlParameter<long> { TypedValue = offset },
                    new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = piece.AsMemory(0, count) },
                },
            };
            await command.ExecuteNonQueryAsync(cancellationToken);
            advance(count);
        }
    }

    private async Task EmptyAsync(uint oid, CancellationToken cancellationToken)
    {
        var sql = string.Create(CultureInfo.InvariantCulture, $"""
            SELECT CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata WHERE oid = {oid})
                THEN pg_catalog.lo_truncate(pg_catalog.lo_open({oid}, 131072), 0)
                ELSE pg_catalog.lo_create({oid})::bigint END
            """);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
