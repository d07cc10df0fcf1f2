using System.Text;

namespace Ostler.Agent.Host;

/// <summary>Reads a stream to its end and keeps its beginning: a tool gone mad must not take the agent's memory with it.</summary>
internal static class BoundedOutput
{
    /// <summary>
    /// The first <paramref name="limit"/> characters of the stream. The rest is read and dropped, so that the writer does not block.
    /// </summary>
    public static async Task<string> ReadAsync(StreamReader reader, int limit)
    {
        var text = new StringBuilder();
        var buffer = new char[1024];
        int read;
        while ((read = await reader.ReadAsync(buffer.AsMemory())) > 0)
        {
            text.Append(buffer, 0, Math.Min(read, limit - text.Length));
        }

        return text.ToString();
    }
}
