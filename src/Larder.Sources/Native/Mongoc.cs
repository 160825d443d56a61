using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Larder.Sources.Native;

/// <summary>
/// MongoDB's C driver as the distribution ships it (libmongoc and libbson 1.23 and up): exactly the calls that are used, see
/// mongoc.org/libmongoc. BSON is passed as it lies in memory; <c>bson_t</c> is 128 bytes aligned to 128, by its ABI promise.
/// </summary>
internal static unsafe partial class Mongoc
{
    private const string Library = "libmongoc-1.0.so.0";
    private const string BsonLibrary = "libbson-1.0.so.0";

    public const int BsonBytes = 128;
    public const int ErrorBytes = 512;
    public const int ErrorMessageOffset = 8;

    /// <summary>Errors carry the server's own code, under the domain <c>MONGOC_ERROR_SERVER</c>.</summary>
    public const int ErrorApi = 2;

    /// <summary><c>MONGOC_ERROR_CLIENT_SESSION_FAILURE</c>: the server knows no sessions.</summary>
    public const int ErrorSessionFailure = 52;

    public const int ReadPrimary = 1;
    public const int ReadSecondary = 2;
    public const int ReadPrimaryPreferred = 5;
    public const int ReadSecondaryPreferred = 6;
    public const int ReadNearest = 10;

    [LibraryImport(Library, EntryPoint = "mongoc_init")]
    public static partial void Initialize();

    [LibraryImport(Library, EntryPoint = "mongoc_get_version")]
    public static partial nint Version();

    /// <summary>With no function, nothing is written to standard error.</summary>
    [LibraryImport(Library, EntryPoint = "mongoc_log_set_handler")]
    public static partial void SetLogHandler(nint function, nint context);

    [LibraryImport(Library, EntryPoint = "mongoc_uri_new_with_error", StringMarshalling = StringMarshalling.Utf8)]
    public static partial UriHandle ParseUri(string text, byte* error);

    [LibraryImport(Library, EntryPoint = "mongoc_uri_destroy")]
    private static partial void DestroyUri(nint uri);

    [LibraryImport(Library, EntryPoint = "mongoc_uri_get_database")]
    public static partial nint UriDatabase(UriHandle uri);

    [LibraryImport(Library, EntryPoint = "mongoc_uri_get_password")]
    public static partial nint UriPassword(UriHandle uri);

    [LibraryImport(Library, EntryPoint = "mongoc_uri_get_srv_hostname")]
    public static partial nint UriServiceHost(UriHandle uri);

    /// <summary>The first of a linked list of <c>mongoc_host_list_t</c>: next, then 256 bytes of host, then host and port.</summary>
    [LibraryImport(Library, EntryPoint = "mongoc_uri_get_hosts")]
    public static partial nint UriHosts(UriHandle uri);

    [LibraryImport(Library, EntryPoint = "mongoc_uri_get_option_as_int32", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int UriInt32(UriHandle uri, string option, int fallback);

    [LibraryImport(Library, EntryPoint = "mongoc_uri_set_option_as_int32", StringMarshalling = StringMarshalling.Utf8)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool SetUriInt32(UriHandle uri, string option, int value);

    [LibraryImport(Library, EntryPoint = "mongoc_uri_get_read_prefs_t")]
    public static partial nint UriReadPreference(UriHandle uri);

    [LibraryImport(Library, EntryPoint = "mongoc_read_prefs_new")]
    public static partial ReadPreferenceHandle NewReadPreference(int mode);

    [LibraryImport(Library, EntryPoint = "mongoc_read_prefs_copy")]
    public static partial ReadPreferenceHandle CopyReadPreference(nint preference);

    [LibraryImport(Library, EntryPoint = "mongoc_read_prefs_destroy")]
    private static partial void DestroyReadPreference(nint preference);

    [LibraryImport(Library, EntryPoint = "mongoc_uri_set_option_as_bool", StringMarshalling = StringMarshalling.Utf8)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool SetUriFlag(UriHandle uri, string option, [MarshalAs(UnmanagedType.U1)] bool value);

    [LibraryImport(Library, EntryPoint = "mongoc_client_new_from_uri_with_error")]
    private static partial nint NewClient(UriHandle uri, byte* error);

    [LibraryImport(Library, EntryPoint = "mongoc_client_set_error_api")]
    [return: MarshalAs(UnmanagedType.U1)]
    private static partial bool SetErrorApi(nint client, int version);

    [LibraryImport(Library, EntryPoint = "mongoc_client_set_appname", StringMarshalling = StringMarshalling.Utf8)]
    [return: MarshalAs(UnmanagedType.U1)]
    private static partial bool SetApplicationName(nint client, string name);

    [LibraryImport(Library, EntryPoint = "mongoc_client_destroy")]
    private static partial void DestroyClient(nint client);

    [LibraryImport(Library, EntryPoint = "mongoc_client_select_server")]
    public static partial nint SelectServer(
        nint client, [MarshalAs(UnmanagedType.U1)] bool forWrites, ReadPreferenceHandle preference, byte* error);

    /// <summary>The servers that the client knows of: an array of descriptions, for <see cref="DestroyServers"/>.</summary>
    [LibraryImport(Library, EntryPoint = "mongoc_client_get_server_descriptions")]
    public static partial nint* GetServers(nint client, out nuint count);

    [LibraryImport(Library, EntryPoint = "mongoc_server_descriptions_destroy_all")]
    public static partial void DestroyServers(nint* descriptions, nuint count);

    [LibraryImport(Library, EntryPoint = "mongoc_server_description_new_copy")]
    public static partial nint CopyServer(nint description);

    [LibraryImport(Library, EntryPoint = "mongoc_server_description_id")]
    public static partial uint ServerId(nint description);

    [LibraryImport(Library, EntryPoint = "mongoc_server_description_type")]
    public static partial nint ServerType(nint description);

    /// <summary>A <c>mongoc_host_list_t</c>, owned by the description.</summary>
    [LibraryImport(Library, EntryPoint = "mongoc_server_description_host")]
    public static partial nint ServerHost(nint description);

    /// <summary>A <c>bson_t</c>, owned by the description.</summary>
    [LibraryImport(Library, EntryPoint = "mongoc_server_description_hello_response")]
    public static partial nint ServerHello(nint description);

    [LibraryImport(Library, EntryPoint = "mongoc_server_description_destroy")]
    public static partial void DestroyServer(nint description);

    [LibraryImport(Library, EntryPoint = "mongoc_session_opts_new")]
    public static partial nint NewSessionOptions();

    [LibraryImport(Library, EntryPoint = "mongoc_session_opts_set_causal_consistency")]
    public static partial void SetCausalConsistency(nint options, [MarshalAs(UnmanagedType.U1)] bool value);

    [LibraryImport(Library, EntryPoint = "mongoc_session_opts_destroy")]
    public static partial void DestroySessionOptions(nint options);

    [LibraryImport(Library, EntryPoint = "mongoc_client_start_session")]
    public static partial nint StartSession(nint client, nint options, byte* error);

    [LibraryImport(Library, EntryPoint = "mongoc_client_session_append")]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool AppendSession(nint session, nint bson, byte* error);

    /// <summary>A <c>bson_t</c>, owned by the session.</summary>
    [LibraryImport(Library, EntryPoint = "mongoc_client_session_get_lsid")]
    public static partial nint SessionId(nint session);

    [LibraryImport(Library, EntryPoint = "mongoc_client_session_start_transaction")]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool StartTransaction(nint session, nint options, byte* error);

    [LibraryImport(Library, EntryPoint = "mongoc_client_session_commit_transaction")]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool CommitTransaction(nint session, nint reply, byte* error);

    [LibraryImport(Library, EntryPoint = "mongoc_client_session_abort_transaction")]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool AbortTransaction(nint session, byte* error);

    [LibraryImport(Library, EntryPoint = "mongoc_client_session_destroy")]
    public static partial void DestroySession(nint session);

    [LibraryImport(Library, EntryPoint = "mongoc_client_command_with_opts", StringMarshalling = StringMarshalling.Utf8)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool Command(
        nint client, string database, byte* command, nint preference, nint options, nint reply, byte* error);

    [LibraryImport(BsonLibrary, EntryPoint = "bson_init")]
    public static partial void InitBson(nint bson);

    /// <summary>Makes a <c>bson_t</c> that reads what lies at <paramref name="data"/> and owns nothing.</summary>
    [LibraryImport(BsonLibrary, EntryPoint = "bson_init_static")]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool InitStaticBson(byte* bson, byte* data, nuint length);

    [LibraryImport(BsonLibrary, EntryPoint = "bson_get_data")]
    public static partial byte* BsonData(nint bson);

    [LibraryImport(BsonLibrary, EntryPoint = "bson_append_int32", StringMarshalling = StringMarshalling.Utf8)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool AppendInt32(nint bson, string key, int keyBytes, int value);

    [LibraryImport(BsonLibrary, EntryPoint = "bson_destroy")]
    private static partial void DestroyBson(nint bson);

    public sealed class UriHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
    {
        protected override bool ReleaseHandle()
        {
            DestroyUri(handle);
            return true;
        }
    }

    public sealed class ReadPreferenceHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
    {
        protected override bool ReleaseHandle()
        {
            DestroyReadPreference(handle);
            return true;
        }
    }

    /// <summary>
    /// A client for one thread at a time, which looks at the servers itself when it needs to: there are no threads of the driver's, which a
    /// pool of clients has, and which it waits for when it is closed.
    /// </summary>
    public sealed class ClientHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        private readonly ReadPreferenceHandle preference;

        /// <param name="uri">Copied.</param>
        /// <param name="preference">Held until this is closed, for it is named in every command.</param>
        /// <param name="error">What is wrong where this is invalid afterwards.</param>
        public ClientHandle(UriHandle uri, ReadPreferenceHandle preference, byte* error)
            : base(ownsHandle: true)
        {
            this.preference = preference;
            var client = NewClient(uri, error);
            if (client == 0)
            {
                return;
            }
            var held = false;
            preference.DangerousAddRef(ref held);
            SetHandle(client);
            SetErrorApi(client, ErrorApi);
            SetApplicationName(client, "larder");
        }

        protected override bool ReleaseHandle()
        {
            DestroyClient(handle);
            preference.DangerousRelease();
            return true;
        }
    }

    /// <summary>A session of a client, which is kept until it has ended.</summary>
    public sealed class SessionHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        private readonly ClientHandle client;

        public SessionHandle(ClientHandle client, nint session)
            : base(ownsHandle: true)
        {
            this.client = client;
            var held = false;
            client.DangerousAddRef(ref held);
            SetHandle(session);
        }

        protected override bool ReleaseHandle()
        {
            DestroySession(handle);
            client.DangerousRelease();
            return true;
        }
    }

    /// <summary>A <c>bson_t</c> of our own that libbson fills and grows.</summary>
    public sealed class BsonHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        public BsonHandle()
            : base(ownsHandle: true)
        {
            SetHandle((nint)NativeMemory.AlignedAlloc(BsonBytes, BsonBytes));
            InitBson(handle);
        }

        /// <summary>The document. Valid while this handle is open and nothing writes to it.</summary>
        public ReadOnlySpan<byte> Bytes => Read(handle);

        protected override bool ReleaseHandle()
        {
            DestroyBson(handle);
            NativeMemory.AlignedFree((void*)handle);
            return true;
        }
    }

    /// <summary>What a <c>bson_t</c> of anybody's holds. Its second field is its length.</summary>
    public static ReadOnlySpan<byte> Read(nint bson) => new(BsonData(bson), ((int*)bson)[1]);
}
