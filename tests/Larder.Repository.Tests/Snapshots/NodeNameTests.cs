using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Larder.Repository.Snapshots;

namespace Larder.Repository.Tests.Snapshots;

public sealed class NodeNameTests
{
    [Fact]
    public void Any_bytes_come_back_from_their_quoted_form() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes => Unquote(new NodeName(bytes).ToQuoted()).Bytes.SequenceEqual(bytes))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void Any_text_comes_back_from_its_quoted_form() =>
        Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), text =>
        {
            var name = new NodeName(text.Get);
            return Unquote(name.ToQuoted()) == name;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void Every_character_comes_back_from_its_quoted_form()
    {
        for (var value = 0; value <= 0x10FFFF; value = value == 0xD7FF ? 0xE000 : value + 1)
        {
            var name = new NodeName(char.ConvertFromUtf32(value));
            Assert.True(Unquote(name.ToQuoted()) == name, $"U+{value:X}");
        }
    }

    // What Go's strconv.Quote gives for the same bytes, without the quotes.
    [Theory]
    [InlineData("plain name.txt", "plain name.txt")]
    [InlineData("\a\b\f\n\r\t\v\\\"'", "\\a\\b\\f\\n\\r\\t\\v\\\\\\\"'")]
    [InlineData("\0\u0001\u007f", "\\x00\\x01\\x7f")]
    [InlineData("été 😀 日本", "été 😀 日本")]
    [InlineData("\u00a0\u200b\u2028\ufeff\ue000\u0085", "\\u00a0\\u200b\\u2028\\ufeff\\ue000\\u0085")]
    [InlineData("\U000E0001\U0010FFFF", "\\U000e0001\\U0010ffff")]
    [InlineData("\ufffd", "\ufffd")]
    [InlineData("\u3000", "\\u3000")]
    public void Text_is_quoted_as_Go_quotes_it(string text, string quoted)
    {
        Assert.Equal(quoted, new NodeName(text).ToQuoted());
        Assert.Equal(quoted, new NodeName(text).ToString());
        Assert.Equal(new NodeName(text), Unquote(quoted));
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_quoted_one_by_one()
    {
        Assert.Equal("a\\xff\\xfez", new NodeName([(byte)'a', 0xFF, 0xFE, (byte)'z']).ToQuoted());
        Assert.Equal("\\xe2\\x82", new NodeName([0xE2, 0x82]).ToQuoted());
        Assert.Equal("\\xed\\xa0\\x80", new NodeName([0xED, 0xA0, 0x80]).ToQuoted());
    }

    [Theory]
    [InlineData("\\101\\x41\\u0041\\U00000041", "AAAA")]
    public void Escapes_that_only_other_writers_use_are_read(string quoted, string text) =>
        Assert.Equal(new NodeName(text), Unquote(quoted));

    [Theory]
    [InlineData("\\")]
    [InlineData("a\"b")]
    [InlineData("a\nb")]
    [InlineData("\\'")]
    [InlineData("\\q")]
    [InlineData("\\x4")]
    [InlineData("\\x4g")]
    [InlineData("\\u12")]
    [InlineData("\\ud800")]
    [InlineData("\\U00110000")]
    [InlineData("\\400")]
    [InlineData("\\08")]
    public void What_Go_does_not_unquote_is_refused(string quoted) => Assert.False(NodeName.TryFromQuoted(quoted, out _));

    [Fact]
    public void Names_are_ordered_by_their_bytes()
    {
        var names = new[] { "b", "a", "a.b", "a/", "é", "B", "aa" }.Select(text => new NodeName(text)).Order().Select(name => Encoding.UTF8.GetString(name.Bytes));

        Assert.Equal(["B", "a", "a.b", "a/", "aa", "b", "é"], names);
    }

    private static NodeName Unquote(string quoted) =>
        NodeName.TryFromQuoted(quoted, out var name) ? name : throw new ArgumentException($"This is no quoted name: {quoted}", nameof(quoted));
}
