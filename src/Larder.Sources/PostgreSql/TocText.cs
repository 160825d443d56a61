using System.Text;

namespace Larder.Sources.PostgreSql;

/// <summary>
/// A table of contents does not say beforehand what its texts are encoded in, and a database may hold anything. They are read as Latin-1,
/// and where all of them prove to be UTF-8 they become that.
/// </summary>
internal static class TocText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="toc">Read as Latin-1.</param>
    public static ArchiveToc Decode(ArchiveToc toc)
    {
        try
        {
            var header = toc.Header;
            return toc with
            {
                TextEncoding = Encoding.UTF8,
                Header = header with
                {
                    DatabaseName = Decode(header.DatabaseName),
                    ServerVersion = Decode(header.ServerVersion),
                    ToolVersion = Decode(header.ToolVersion),
                },
                Entries = [.. toc.Entries.Select(Decode)],
            };
        }
        catch (DecoderFallbackException)
        {
            return toc;
        }
    }

    private static TocEntry Decode(TocEntry entry) => !HasForeign(entry) ? entry : entry with
    {
        Tag = Decode(entry.Tag),
        Kind = Decode(entry.Kind)!,
        Definition = Decode(entry.Definition),
        DropStatement = Decode(entry.DropStatement),
        CopyStatement = Decode(entry.CopyStatement),
        Schema = Decode(entry.Schema),
        Tablespace = Decode(entry.Tablespace),
        AccessMethod = Decode(entry.AccessMethod),
        Owner = Decode(entry.Owner),
        DataFile = Decode(entry.DataFile),
    };

    private static bool HasForeign(TocEntry entry) =>
        IsForeign(entry.Tag) || IsForeign(entry.Kind) || IsForeign(entry.Definition) || IsForeign(entry.DropStatement)
        || IsForeign(entry.CopyStatement) || IsForeign(entry.Schema) || IsForeign(entry.Tablespace) || IsForeign(entry.AccessMethod)
        || IsForeign(entry.Owner) || IsForeign(entry.DataFile);

    private static bool IsForeign(string? text) => text is not null && !Ascii.IsValid(text);

    private static string? Decode(string? text) => IsForeign(text) ? Strict.GetString(Encoding.Latin1.GetBytes(text!)) : text;
}
