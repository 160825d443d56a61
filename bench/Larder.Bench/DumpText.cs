using System.Buffers.Text;

namespace Larder.Bench;

/// <summary>
/// Text like a database dump: rows in the form of COPY, with ids, names, times, words and some hexadecimal digits. A longer dump
/// of the same seed begins with the shorter one, so "5 % appended" is the same command with a larger number.
/// </summary>
internal static class DumpText
{
    private const int BufferBytes = 1 << 20;
    private const int RowBytesMax = 1024; // 13 words of at most 26 bytes, and 250 bytes of everything else.
    private const int RowsPerTable = 400_000;

    public static async Task WriteAsync(Stream output, long bytes, ulong seed)
    {
        var rows = new Rows(seed);
        var buffer = new byte[BufferBytes];
        while (bytes > 0)
        {
            var filled = rows.Fill(buffer);
            var taken = (int)Math.Min(filled, bytes);
            await output.WriteAsync(buffer.AsMemory(0, taken));
            bytes -= taken;
        }
    }

    private sealed class Rows
    {
        private readonly Draw draw;
        private readonly byte[][] words;
        private readonly byte[][] phrases;
        private readonly byte[][] names;
        private long id;
        private long microseconds = 1_704_067_200_000_000; // 2024-01-01

        public Rows(ulong seed)
        {
            draw = new Draw(seed);
            words = Vocabulary.Make(draw, 4096, " ");
            phrases = [.. Enumerable.Range(0, 500).Select(_ => Phrase())];
            names = Vocabulary.Make(draw, 1024, "");
        }

        public int Fill(Span<byte> buffer)
        {
            var at = 0;
            while (buffer.Length - at >= RowBytesMax)
            {
                if (id % RowsPerTable == 0)
                {
                    at += Header(buffer[at..]);
                }

                at += Row(buffer[at..]);
            }

            return at;
        }

        private byte[] Phrase() =>
            [.. Enumerable.Range(0, 4 + draw.Below(4)).SelectMany(_ => words[draw.SkewedBelow(words.Length)])];

        private int Header(Span<byte> to)
        {
            var at = 0;
            Put(to, ref at, id == 0 ? "--\n-- PostgreSQL database dump\n--\n\nCOPY public.entries_"u8 : "\\.\n\n\nCOPY public.entries_"u8);
            Number(to, ref at, id / RowsPerTable);
            Put(to, ref at, " (id, name, created_at, amount, active, digest, note) FROM stdin;\n"u8);
            return at;
        }

        private int Row(Span<byte> to)
        {
            var at = 0;
            Number(to, ref at, ++id);
            to[at++] = (byte)'\t';
            Put(to, ref at, names[draw.SkewedBelow(names.Length)]);
            to[at++] = (byte)'.';
            Put(to, ref at, names[draw.Below(names.Length)]);
            to[at++] = (byte)'\t';
            Time(to, ref at);
            to[at++] = (byte)'\t';
            Number(to, ref at, draw.Below(9999));
            to[at++] = (byte)'.';
            Digits(to, ref at, draw.Below(100), 2);
            to[at++] = (byte)'\t';
            to[at++] = draw.Below(5) == 0 ? (byte)'f' : (byte)'t';
            to[at++] = (byte)'\t';
            Hexadecimal(to, ref at, draw.Next());
            Hexadecimal(to, ref at, draw.Next());
            to[at++] = (byte)'\t';
            // Real notes repeat themselves: a set phrase first, then words of their own.
            Put(to, ref at, phrases[draw.SkewedBelow(phrases.Length)]);
            for (var left = 1 + draw.Below(6); left > 0; left--)
            {
                Put(to, ref at, words[draw.SkewedBelow(words.Length)]);
            }

            to[at - 1] = (byte)'\n';
            return at;
        }

        // Rows come some milliseconds after one another, and every month has 28 days: the look is what counts.
        private void Time(Span<byte> to, ref int at)
        {
            microseconds += 1 + draw.Below(4_000_000);
            var seconds = microseconds / 1_000_000;
            var days = seconds / 86_400;
            Number(to, ref at, 1970 + (days / 365));
            to[at++] = (byte)'-';
            Digits(to, ref at, (int)(days / 28 % 12) + 1, 2);
            to[at++] = (byte)'-';
            Digits(to, ref at, (int)(days % 28) + 1, 2);
            to[at++] = (byte)' ';
            Digits(to, ref at, (int)(seconds / 3600 % 24), 2);
            to[at++] = (byte)':';
            Digits(to, ref at, (int)(seconds / 60 % 60), 2);
            to[at++] = (byte)':';
            Digits(to, ref at, (int)(seconds % 60), 2);
            to[at++] = (byte)'.';
            Digits(to, ref at, (int)(microseconds % 1_000_000), 6);
            Put(to, ref at, "+00"u8);
        }

        private static void Put(Span<byte> to, ref int at, ReadOnlySpan<byte> text)
        {
            text.CopyTo(to[at..]);
            at += text.Length;
        }

        private static void Number(Span<byte> to, ref int at, long value)
        {
            Utf8Formatter.TryFormat(value, to[at..], out var written);
            at += written;
        }

        private static void Digits(Span<byte> to, ref int at, int value, int count)
        {
            for (var place = at + count - 1; place >= at; place--)
            {
                to[place] = (byte)('0' + (value % 10));
                value /= 10;
            }

            at += count;
        }

        private static void Hexadecimal(Span<byte> to, ref int at, ulong value)
        {
            for (var i = 0; i < 16; i++, value >>= 4)
            {
                to[at++] = "0123456789abcdef"u8[(int)(value & 15)];
            }
        }
    }
}
