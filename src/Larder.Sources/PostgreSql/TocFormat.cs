using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using static Larder.Sources.PostgreSql.ArchivePrimitives;

namespace Larder.Sources.PostgreSql;

/// <summary>The fields of header and entries, in the order of the file.</summary>
internal static class TocFormat
{
    private const int OffsetBytes = 8;
    private const int DateFields = 7;
    private const int EntriesMax = 100_000_000;

    private static readonly Version Oldest = new(1, 13);
    private static readonly Version Newest = new(1, 16);

    private static ReadOnlySpan<byte> Magic => "PGDMP"u8;

    public static bool TryReadHead(ref SequenceReader<byte> bytes, out (ArchiveHeader Header, int Entries) head)
    {
        head = default;
        Span<byte> start = stackalloc byte[11];
        if (!bytes.TryCopyTo(start))
        {
            return false;
        }
        CheckMagic(start);
        bytes.Advance(start.Length);
        var header = new ArchiveHeader
        {
            Version = ReadVersion(start),
            Format = (ArchiveFormat)start[10],
            Compression = 0,
            CreatedAt = [],
        };
        if (!TryReadCompression(ref bytes, header, out var compression)
            || !TryReadDate(ref bytes, out var createdAt)
            || !TryReadText(ref bytes, out var database)
            || !TryReadText(ref bytes, out var serverVersion)
            || !TryReadText(ref bytes, out var toolVersion)
            || !TryReadInt(ref bytes, out var count))
        {
            return false;
        }
        if (count is < 0 or > EntriesMax)
        {
            throw new SourceException(SourceError.Damaged, $"The archive of pg_dump is damaged: it has {count} entries.");
        }
        head = (
            header with
            {
                Compression = compression,
                CreatedAt = createdAt,
                DatabaseName = database,
                ServerVersion = serverVersion,
                ToolVersion = toolVersion,
            },
            count);
        return true;
    }

    public static void WriteHead(IBufferWriter<byte> output, ArchiveToc toc)
    {
        var header = toc.Header;
        output.Write(Magic);
        var version = header.Version;
        ReadOnlySpan<byte> sizes =
            [(byte)version.Major, (byte)version.Minor, 0, IntBytes - 1, OffsetBytes, (byte)header.Format];
        output.Write(sizes);
        if (header.HasAlgorithm)
        {
            WriteByte(output, (byte)header.Compression);
        }
        else
        {
            WriteInt(output, header.Compression);
        }
        foreach (var field in header.CreatedAt)
        {
            WriteInt(output, field);
        }
        WriteText(output, toc.TextEncoding, header.DatabaseName);
        WriteText(output, toc.TextEncoding, header.ServerVersion);
        WriteText(output, toc.TextEncoding, header.ToolVersion);
        WriteInt(output, toc.Entries.Count);
    }

    public static bool TryReadEntry(ref SequenceReader<byte> bytes, ArchiveHeader header, out TocEntry entry)
    {
        entry = null!;
        string? accessMethod = null;
        var relationKind = 0;
        if (!TryReadInt(ref bytes, out var dumpId)
            || !TryReadInt(ref bytes, out var hasData)
            || !TryReadText(ref bytes, out var catalogTable)
            || !TryReadText(ref bytes, out var catalogId)
            || !TryReadText(ref bytes, out var tag)
            || !TryReadText(ref bytes, out var kind)
            || !TryReadInt(ref bytes, out var section)
            || !TryReadText(ref bytes, out var definition)
            || !TryReadText(ref bytes, out var drop)
            || !TryReadText(ref bytes, out var copy)
            || !TryReadText(ref bytes, out var schema)
            || !TryReadText(ref bytes, out var tablespace)
            || (header.HasAccessMethods && !TryReadText(ref bytes, out accessMethod))
            || (header.HasRelationKinds && !TryReadInt(ref bytes, out relationKind))
            || !TryReadText(ref bytes, out var owner)
            || !TryReadText(ref bytes, out _) // Whether the table has row OIDs, which PostgreSQL 12 gave up: always "false".
            || !TryReadDependencies(ref bytes, out var dependencies))
        {
            return false;
        }
        entry = new TocEntry
        {
            DumpId = dumpId > 0 ? dumpId : throw Damaged($"an entry has the number {dumpId}"),
            HasData = hasData != 0,
            CatalogTableId = ParseNumber(catalogTable),
            CatalogId = ParseNumber(catalogId),
            Tag = tag,
            Kind = kind ?? throw Damaged("an entry has no kind"),
            Section = (TocSection)section,
            Definition = definition,
            DropStatement = drop,
            CopyStatement = copy,
            Schema = schema,
            Tablespace = tablespace,
            AccessMethod = accessMethod,
            RelationKind = relationKind,
            Owner = owner,
            Dependencies = dependencies,
        };
        return TryReadPlace(ref bytes, header, ref entry);
    }

    public static void WriteEntry(IBufferWriter<byte> output, ArchiveToc toc, TocEntry entry)
    {
        var encoding = toc.TextEncoding;
        WriteInt(output, entry.DumpId);
        WriteInt(output, entry.HasData ? 1 : 0);
        WriteText(output, encoding, entry.CatalogTableId.ToString(CultureInfo.InvariantCulture));
        WriteText(output, encoding, entry.CatalogId.ToString(CultureInfo.InvariantCulture));
        WriteText(output, encoding, entry.Tag);
        WriteText(output, encoding, entry.Kind);
        WriteInt(output, (int)entry.Section);
        WriteText(output, encoding, entry.Definition);
        WriteText(output, encoding, entry.DropStatement);
        WriteText(output, encoding, entry.CopyStatement);
        WriteText(output, encoding, entry.Schema);
        WriteText(output, encoding, entry.Tablespace);
        if (toc.Header.HasAccessMethods)
        {
            WriteText(output, encoding, entry.AccessMethod);
        }
        if (toc.Header.HasRelationKinds)
        {
            WriteInt(output, entry.RelationKind);
        }
        WriteText(output, encoding, entry.Owner);
        WriteText(output, encoding, "false");
        foreach (var dependency in entry.Dependencies)
        {
            WriteText(output, encoding, dependency.ToString(CultureInfo.InvariantCulture));
        }
        WriteText(output, encoding, null);
        WritePlace(output, toc, entry);
    }

    private static bool TryReadPlace(ref SequenceReader<byte> bytes, ArchiveHeader header, ref TocEntry entry)
    {
        if (header.Format == ArchiveFormat.Directory)
        {
            if (!TryReadText(ref bytes, out var file))
            {
                return false;
            }
            entry = entry with { DataFile = string.IsNullOrEmpty(file) ? null : file };
            return true;
        }
        Span<byte> place = stackalloc byte[1 + OffsetBytes];
        if (!bytes.TryCopyTo(place))
        {
            return false;
        }
        bytes.Advance(place.Length);
        entry = entry with { OffsetState = place[0], Offset = BinaryPrimitives.ReadInt64LittleEndian(place[1..]) };
        return true;
    }

    private static void WritePlace(IBufferWriter<byte> output, ArchiveToc toc, TocEntry entry)
    {
        if (toc.Header.Format == ArchiveFormat.Directory)
        {
            WriteText(output, toc.TextEncoding, entry.DataFile ?? "");
            return;
        }
        var span = output.GetSpan(1 + OffsetBytes);
        span[0] = (byte)entry.OffsetState;
        BinaryPrimitives.WriteInt64LittleEndian(span[1..], entry.Offset);
        output.Advance(1 + OffsetBytes);
    }

    private static void CheckMagic(ReadOnlySpan<byte> start)
    {
        if (!start.StartsWith(Magic))
        {
            throw new SourceException(SourceError.Damaged, "This is not an archive of pg_dump: it does not begin with PGDMP.");
        }
        var version = ReadVersion(start);
        if (version < Oldest || version > Newest)
        {
            throw new SourceException(
                SourceError.Damaged,
                $"The archive of pg_dump has the format version {version}; versions {Oldest} to {Newest} (PostgreSQL 10 to 18) are known.");
        }
        if (start[8] != IntBytes - 1 || start[9] != OffsetBytes)
        {
            throw Damaged($"its numbers have {start[8]} bytes and its offsets {start[9]}");
        }
        if (start[10] is not ((byte)ArchiveFormat.Custom or (byte)ArchiveFormat.Directory))
        {
            throw Damaged($"its format is number {start[10]}");
        }
    }

    private static Version ReadVersion(ReadOnlySpan<byte> start) => new(start[5], start[6]);

    private static bool TryReadCompression(ref SequenceReader<byte> bytes, ArchiveHeader header, out int compression)
    {
        if (!header.HasAlgorithm)
        {
            return TryReadInt(ref bytes, out compression);
        }
        var done = bytes.TryRead(out var algorithm);
        compression = algorithm;
        return done;
    }

    private static bool TryReadDate(ref SequenceReader<byte> bytes, out int[] fields)
    {
        fields = new int[DateFields];
        for (var field = 0; field < fields.Length; field++)
        {
            if (!TryReadInt(ref bytes, out fields[field]))
            {
                return false;
            }
        }
        return true;
    }

    private static bool TryReadDependencies(ref SequenceReader<byte> bytes, out IReadOnlyList<int> dependencies)
    {
        dependencies = [];
        List<int>? found = null;
        while (TryReadText(ref bytes, out var text))
        {
            if (text is null)
            {
                dependencies = found is null ? [] : found;
                return true;
            }
            (found ??= []).Add((int)ParseNumber(text));
        }
        return false;
    }

    private static uint ParseNumber(string? text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Damaged($"\"{text}\" stands where a number should");

    private static SourceException Damaged(string what) => new(SourceError.Damaged, $"The archive of pg_dump is damaged: {what}.");
}
