"""How many pixels a picture says it has, by its format."""

from collections.abc import Callable, Mapping

from file_service.inspection.headers.boxes import read_boxes
from file_service.inspection.headers.gif import read_gif
from file_service.inspection.headers.raster import read_bmp, read_jpeg, read_png, read_webp
from file_service.inspection.headers.reading import Reading
from file_service.inspection.headers.size import PictureSize
from file_service.inspection.headers.tiff import read_tiff

READERS: Mapping[str, Callable[[int], Reading[PictureSize]]] = {
    "image/png": read_png,
    "image/apng": read_png,
    "image/jpeg": read_jpeg,
    "image/webp": read_webp,
    "image/gif": read_gif,
    "image/tiff": read_tiff,
    "image/bmp": read_bmp,
    "image/avif": read_boxes,
    "image/heic": read_boxes,
}
