using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Api.OSImages;

namespace Ostler.Cli.Edits;

/// <summary>What refresh changes. Pure.</summary>
internal static class ImageEdits
{
    /// <summary>Makes the controller resolve the image now.</summary>
    /// <param name="image">The image.</param>
    /// <param name="now">The clock of this machine.</param>
    public static FieldEdit Refresh(OSImage image, DateTimeOffset now)
    {
        var name = image.Metadata.Name;
        // Two requests within one second are two requests.
        var moment = now.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);
        return new(
            "osimage", name, new()
            {
                ["metadata"] =
                new JsonObject { ["annotations"] = new JsonObject { [OSImageAnnotations.RefreshRequestedAt] = moment } }
            },
            $"The controller resolves {name} now.")
        {
            Next = [$"See the result: kubectl get osimage {name} -o wide"],
        };
    }
}
