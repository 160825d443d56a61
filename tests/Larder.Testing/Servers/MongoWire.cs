using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Larder.Testing.Servers;

/// <summary>
/// Says a command to a server that has no accounts yet, by MongoDB's wire protocol: enough to make a replica set and the first account,
/// and nothing that Larder itself is tested with.
/// </summary>
internal static class MongoWire
{
    private const int OperationMessage = 2013;

    /// <summary>Runs a command of texts, numbers, lists and documents. Throws with the server's words where it is refused.</summary>
    public static Task RunAsync(int port, Document command, CancellationToken cancellationToken) =>
        AskAsync(port, command.Encode(), cancellationToken);

    /// <summary>Runs a command that is BSON already, its database in <c>$db</c>. Throws with the server's words where it is refused.</summary>
    public static async Task<byte[]> AskAsync(int port, byte[] body, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port, cancellationToken);
        await using var stream = client.GetStream();

        var message = new byte[16 + 4 + 1 + body.Length];
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(4), 1); // The number of the request.
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(12), OperationMessage);
        body.CopyTo(message, 21); // After the flags and the kind of the section, both 0.
        await stream.WriteAsync(message, cancellationToken);

        var header = new byte[16];
        await stream.ReadExactlyAsync(header, cancellationToken);
        var reply = new byte[BinaryPrimitives.ReadInt32LittleEndian(header) - header.Length];
        await stream.ReadExactlyAsync(reply, cancellationToken);
        // Every reply of a command has "ok" as a double, and what went wrong as "errmsg".
        ReadOnlySpan<byte> succeeded = [0x01, (byte)'o', (byte)'k', 0, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f];
        return reply.AsSpan().IndexOf(succeeded) >= 0
            ? reply[5..]
            : throw new TestFailedException($"The server refused the command: {Encoding.UTF8.GetString(reply)}");
    }

    /// <summary>Fields in their order.</summary>
    internal sealed class Document : List<KeyValuePair<string, object>>
    {
        public void Add(string name, object value) => Add(new(name, value));

        public byte[] Encode()
        {
            var bytes = new MemoryStream();
            bytes.Write(stackalloc byte[4]);
            foreach (var (name, value) in this)
            {
                EncodeField(bytes, name, value);
            }
            bytes.WriteByte(0);
            var whole = bytes.ToArray();
            BinaryPrimitives.WriteInt32LittleEndian(whole, whole.Length);
            return whole;
        }

        private static void EncodeField(MemoryStream bytes, string name, object value)
        {
            bytes.WriteByte(value switch { string => 0x02, Document => 0x03, Document[] => 0x04, _ => 0x10 });
            bytes.Write(Encoding.UTF8.GetBytes(name));
            bytes.WriteByte(0);
            switch (value)
            {
                case string text:
                    bytes.Write(BitConverter.GetBytes(Encoding.UTF8.GetByteCount(text) + 1));
                    bytes.Write(Encoding.UTF8.GetBytes(text));
                    bytes.WriteByte(0);
                    break;
                case Document document:
                    bytes.Write(document.Encode());
                    break;
                case Document[] list:
                    var numbered = new Document();
                    numbered.AddRange(list.Select((item, at) => new KeyValuePair<string, object>($"{at}", item)));
                    bytes.Write(numbered.Encode());
                    break;
                default:
                    bytes.Write(BitConverter.GetBytes((int)value));
                    break;
            }
        }
    }
}
