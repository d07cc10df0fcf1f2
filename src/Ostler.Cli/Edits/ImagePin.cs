using System.Text.Json.Nodes;
using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Cli.Hosting;

namespace Ostler.Cli.Edits;

/// <summary>
/// The fields of an OSImage that make it name one former tree, and those that make it follow again what it follows now. Pure.
/// </summary>
/// <param name="Pin">A merge patch.</param>
/// <param name="Undo">The merge patch that takes it back.</param>
internal sealed record ImagePin(JsonObject Pin, JsonObject Undo)
{
    /// <exception cref="CommandException">It cannot be written down; the message says what to do by hand.</exception>
    public static ImagePin To(OSImage image, PreviousImage tree)
    {
        var (pin, undo) = (new JsonObject(), new JsonObject());
        if (image.Spec.Container is { } container)
        {
            Set("container", [("image", container.Image, ImageAt(image, tree))]);
        }
        else if (image.Spec.Ostree is { } ostree)
        {
            var (remote, branch) = Refspec(tree.Release?.Reference) ?? (ostree.Remote, ostree.Ref);
            if (remote != ostree.Remote)
            {
                throw new CommandException(
                    $"{image.Metadata.Name} named {tree.Digest} while spec.ostree.remote was {remote}, whose URL is not recorded. Set remote, url, ref and commit by hand (kubectl edit osimage {image.Metadata.Name}).");
            }

            Set("ostree", [("ref", ostree.Ref, branch), ("commit", ostree.Commit, tree.Digest)]);
        }

        // What people wrote is the version of the tree that they meant, not of this one.
        if (image.Spec.Version is { } version && version != tree.Version)
        {
            (pin["version"], undo["version"]) = (tree.Version, version);
        }

        return new(new() { ["spec"] = pin }, new() { ["spec"] = undo });

        void Set(string source, (string Field, string? Now, string Then)[] fields)
        {
            var changed = fields.Where(f => f.Now != f.Then).ToArray();
            pin[source] = new JsonObject(changed.Select(f => KeyValuePair.Create(f.Field, (JsonNode?)f.Then)));
            undo[source] = new JsonObject(changed.Select(f => KeyValuePair.Create(f.Field, (JsonNode?)f.Now)));
        }
    }

    /// <summary>What the image follows without the pin, for people.</summary>
    public static string Followed(OSImageSpec spec) => spec.Container?.Image ?? $"{spec.Ostree?.Remote}:{spec.Ostree?.Ref}{(spec.Ostree?.Commit is { } commit ? $", commit {commit}" : "")}";

    // The tag stays beside the digest, for people: only the digest counts.
    private static string ImageAt(OSImage image, PreviousImage tree)
    {
        // A node knows the manifest of its own platform, which is not what the other platforms can be given, and not from which repository
        // it came.
        if (tree.Release is not { } release || !ImageName.TryParse(release.Reference, out _, out _))
        {
            throw new CommandException(
                $"{image.Metadata.Name} has no record of the image with digest {tree.Digest}. Set spec.container.image to its repository@digest by hand (kubectl edit osimage {image.Metadata.Name}).");
        }

        return $"{release.Reference.Split('@')[0]}@{release.Digest}";
    }

    private static (string Remote, string Branch)? Refspec(string? reference) =>
        reference?.IndexOf(':', StringComparison.Ordinal) is { } colon and > 0 ? (reference[..colon], reference[(colon + 1)..]) : null;
}
