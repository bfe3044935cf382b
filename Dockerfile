# One image for every program of the platform; compose.yaml says which one a container runs (docs/scaling.md).
FROM python:3.13-slim

RUN useradd --create-home --uid 10001 yijianshi && install --directory --owner yijianshi --mode 700 /data
WORKDIR /opt/yijianshi
COPY . .
RUN pip install --no-cache-dir -c constraints.txt -e '.[redis]'

USER yijianshi
ENV YJS_DATA=/data YJS_HOST=0.0.0.0 YJS_PREFECT_HOST=0.0.0.0 PYTHONUNBUFFERED=1
STOPSIGNAL SIGTERM
ENTRYPOINT ["yjs"]
CMD ["--help"]
