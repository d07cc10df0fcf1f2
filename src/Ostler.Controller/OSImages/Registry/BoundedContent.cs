namespace Ostler.Controller.OSImages.Registry;

/// <summary>Reads bodies whose senders are not trusted.</summary>
internal static class BoundedContent
{
    /// <summary>The beginning of the body, of at most <paramref name="limit"/> bytes.</summary>
    public static async Task<byte[]> ReadAtMostAsync(this HttpContent content, int limit, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        using var read = new MemoryStream();
        var buffer = new byte[Math.Min(limit, 16 * 1024)];
        while (read.Length < limit)
        {
            var count = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, limit - read.Length)), cancellationToken);
            if (count == 0)
            {
                break;
            }

            read.Write(buffer, 0, count);
        }

        return read.ToArray();
    }
}
