using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Ostler.Controller.Console;

/// <summary>The page: a handful of hand-written files, part of the program. Nothing is fetched from anywhere else.</summary>
internal static class ConsoleFiles
{
    private const string Prefix = "console/";

    private static readonly Dictionary<string, (byte[] Bytes, string Type, string Tag)> Files = Load();

    /// <summary>The paths that there are.</summary>
    public static IReadOnlyCollection<string> Paths => Files.Keys;

    /// <summary>Answers with a file; false when there is none of that name.</summary>
    public static async Task<bool> TryServeAsync(HttpContext context)
    {
        var path = context.Request.Path.Value is "/" or "" or null ? "/index.html" : context.Request.Path.Value;
        if (!Files.TryGetValue(path, out var file))
        {
            return false;
        }

        // Asked for every time, answered with a word while it is the same: a new controller must not be met by an old page.
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers.ETag = file.Tag;
        if (context.Request.Headers.IfNoneMatch == file.Tag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return true;
        }

        context.Response.ContentType = file.Type;
        context.Response.ContentLength = file.Bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(file.Bytes, context.RequestAborted);
        }

        return true;
    }

    private static Dictionary<string, (byte[], string, string)> Load()
    {
        var files = new Dictionary<string, (byte[], string, string)>(StringComparer.Ordinal);
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            files["/" + name[Prefix.Length..]] = (bytes, TypeOf(name), $"\"{Convert.ToHexString(SHA256.HashData(bytes).AsSpan(0, 12))}\"");
        }

        return files;
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };
}
