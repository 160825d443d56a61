using System.Text;
using Larder.Sources.MongoDb;
using Larder.Testing;

namespace Larder.Sources.Tests.MongoDb;

public sealed class BsonTests
{
    // From the specification's corpus (bson-corpus) and bsonspec.org: hexadecimal BSON and its canonical Extended JSON.
    [Theory]
    [InlineData("0500000000", "{}")]
    [InlineData("160000000268656C6C6F0006000000776F726C640000", """{"hello":"world"}""")]
    [InlineData("10000000016400000000000000F03F00", """{"d":{"$numberDouble":"1.0"}}""")]
    [InlineData("10000000016400000000000000008000", """{"d":{"$numberDouble":"-0.0"}}""")]
    [InlineData("10000000016400000000000000F07F00", """{"d":{"$numberDouble":"Infinity"}}""")]
    [InlineData("0C0000001069000000008000", """{"i":{"$numberInt":"-2147483648"}}""")]
    [InlineData("10000000126100FFFFFFFFFFFFFF7F00", """{"a":{"$numberLong":"9223372036854775807"}}""")]
    [InlineData("100000000961003C54DC4700C7FFFF00", """{"a":{"$date":{"$numberLong":"-62670957161412"}}}""")]
    [InlineData("1400000007610056E1FC72E0C917E9C471416100", """{"a":{"$oid":"56e1fc72e0c917e9c4714161"}}""")]
    [InlineData("0F0000000578000200000000FFFF00", """{"x":{"$binary":{"base64":"//8=","subType":"00"}}}""")]
    [InlineData("0E0000000B6100616200696D0000", """{"a":{"$regularExpression":{"pattern":"ab","options":"im"}}}""")]
    [InlineData("100000001161002A00000015CD5B0700", """{"a":{"$timestamp":{"t":123456789,"i":42}}}""")]
    [InlineData("0800000006610000", """{"a":{"$undefined":true}}""")]
    [InlineData("08000000FF610000", """{"a":{"$minKey":1}}""")]
    [InlineData("080000007F610000", """{"a":{"$maxKey":1}}""")]
    [InlineData("140000000461000C0000001030000A0000000000", """{"a":[{"$numberInt":"10"}]}""")]
    [InlineData("130000000D6100070000006162616261620000", """{"a":{"$code":"ababab"}}""")]
    [InlineData("160000000F61000E0000000100000000050000000000", """{"a":{"$code":"","$scope":{}}}""")]
    [InlineData("1A0000000C610002000000620056E1FC72E0C917E9C471416100", """{"a":{"$dbPointer":{"$ref":"b","$id":{"$oid":"56e1fc72e0c917e9c4714161"}}}}""")]
    public void Every_type_becomes_its_Extended_JSON_and_the_same_bytes_again(string hex, string json)
    {
        var bson = Convert.FromHexString(hex);
        Bson.Validate(bson);
        Assert.Equal(json, ExtendedJson.ToText(bson));
        Assert.Equal(bson, ExtendedJson.Parse(json));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-0")]
    [InlineData("1.000")]
    [InlineData("123456789012345678901234567890.1234")]
    [InlineData("9.999999999999999999999999999999999E+6144")]
    [InlineData("1E-6176")]
    [InlineData("0.000001")]
    [InlineData("1E-7")]
    [InlineData("0E+6111")]
    [InlineData("Infinity")]
    [InlineData("-Infinity")]
    [InlineData("NaN")]
    public void A_decimal_comes_back_digit_by_digit(string text) =>
        Assert.Equal(text, Decimal128.Format(Decimal128.Parse(text)));

    // bson-corpus, decimal128-1.json: "Largest" and "Regular - 0.1".
    [Theory]
    [InlineData("1234567890123456789012345678901234", "F2AF967ED05C82DE3297FF6FDE3C4030")]
    [InlineData("0.1", "01000000000000000000000000003E30")]
    public void A_decimal_has_the_bytes_of_the_specification(string text, string hex) =>
        Assert.Equal(hex, Convert.ToHexString(Decimal128.Parse(text)));

    [Theory]
    [InlineData("1.0.0")]
    [InlineData("")]
    [InlineData("12345678901234567890123456789012345")]
    [InlineData("1E+7000")]
    public void What_is_no_decimal_is_refused(string text) => Assert.Throws<FormatException>(() => Decimal128.Parse(text));

    [Fact]
    public void Any_document_survives_Extended_JSON() => SeededRandom.Run(random =>
    {
        for (var run = 0; run < 500; run++)
        {
            var document = RandomDocument(random);
            Bson.Validate(document);
            Assert.Equal(document, ExtendedJson.Parse(ExtendedJson.ToBytes(document)));
        }
    });

    [Fact]
    public void A_damaged_document_is_refused_or_read_and_never_breaks_the_reader() => SeededRandom.Run(random =>
    {
        var refused = 0;
        for (var run = 0; run < 3000; run++)
        {
            var document = RandomDocument(random);
            var cut = random.Next(3) == 0;
            var damaged = cut ? document[..random.Next(document.Length)] : document;
            for (var flips = cut ? 0 : random.Next(1, 4); flips > 0; flips--)
            {
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            }
            try
            {
                Bson.Validate(damaged);
                Assert.False(cut, "A document that was cut off was taken for a whole one.");
            }
            catch (BsonException)
            {
                refused++;
            }
        }
        Assert.True(refused > 1000);
    });

    [Fact]
    public async Task Documents_are_found_in_a_stream_however_it_is_cut()
    {
        var bytes = new MemoryStream();
        var random = new Random(7);
        var count = 0;
        for (; bytes.Length < 4_000_000; count++)
        {
            var writer = new BsonWriter();
            writer.Binary("x", new byte[random.Next(100) == 0 ? random.Next(2_000_000) : random.Next(300)]);
            bytes.Write(writer.ToMemory().Span);
        }
        bytes.Position = 0;
        using var reader = new BsonStreamReader(bytes);
        var found = 0;
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            Bson.Validate(reader.Current.Span);
            found++;
        }
        Assert.Equal((count, bytes.Length), (found, reader.Position));
    }

    private static byte[] RandomDocument(Random random)
    {
        var writer = new BsonWriter();
        for (var fields = random.Next(8); fields > 0; fields--)
        {
            AddRandom(writer, $"f{fields}", random, 0);
        }
        return writer.ToArray();
    }

    private static void AddRandom(BsonWriter writer, string? name, Random random, int depth)
    {
        switch (random.Next(depth > 4 ? 9 : 11))
        {
            case 0: writer.Int32(name, random.Next(int.MinValue, int.MaxValue)); break;
            case 1: writer.Int64(name, random.NextInt64(long.MinValue, long.MaxValue)); break;
            case 2: writer.Double(name, BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, 0x7FF0000000000000))); break;
            case 3: writer.String(name, new string([.. Enumerable.Range(0, random.Next(20)).Select(_ => (char)random.Next(0, 0xD800))])); break;
            case 4: writer.Boolean(name, random.Next(2) == 0); break;
            case 5: writer.Null(name); break;
            case 6: writer.DateTime(name, random.NextInt64(long.MinValue, long.MaxValue)); break;
            case 7: writer.Binary(name, Encoding.UTF8.GetBytes($"{random.Next()}"), (byte)random.Next(256)); break;
            case 8: writer.Timestamp(name, (ulong)random.NextInt64()); break;
            case 9:
                writer.StartDocument(name);
                for (var fields = random.Next(4); fields > 0; fields--)
                {
                    AddRandom(writer, $"g{fields}", random, depth + 1);
                }
                writer.End();
                break;
            default:
                writer.StartArray(name);
                for (var items = random.Next(4); items > 0; items--)
                {
                    AddRandom(writer, null, random, depth + 1);
                }
                writer.End();
                break;
        }
    }
}
